//! What a hostile HTTP/2 client can do with streams, frame by frame (RFC 9113 section 6).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::Installation;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM_AND_HEADERS: u8 = 0x5;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;
/// `GET http://edge/` by HPACK's static table (RFC 7541 appendix A); the authority is spelt out.
const REQUEST: &[u8] = &[0x82, 0x86, 0x84, 0x41, 4, b'e', b'd', b'g', b'e'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Error code of the GOAWAY frame, if one stands there.
fn goaway_code(mut bytes: &[u8]) -> Option<u32> {
    while bytes.len() >= 9 {
        let length = usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2]);
        let payload = bytes.get(9..9 + length)?;
        if bytes[3] == GOAWAY {
            return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        bytes = &bytes[9 + length..];
    }
    None
}

#[tokio::test]
async fn a_client_that_opens_and_resets_streams_as_fast_as_it_can_is_cut_off() {
    let edge = Installation::shared().await.edge(&[]).await;
    let mut stream = TcpStream::connect(&edge.address).await.unwrap();
    let mut flood = PREFACE.to_vec();
    flood.extend(frame(SETTINGS, 0, 0, &[]));
    for number in 0..5_000_u32 {
        flood.extend(frame(HEADERS, END_STREAM_AND_HEADERS, 2 * number + 1, REQUEST));
        flood.extend(frame(RST_STREAM, 0, 2 * number + 1, &CANCEL.to_be_bytes()));
    }
    // The edge may close before it has read everything.
    let _ = stream.write_all(&flood).await;
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "the connection stays open");
    assert_eq!(goaway_code(&answer), Some(ENHANCE_YOUR_CALM), "{answer:?}");
    assert_eq!(edge.get("/quiz/none", &[]).await.status, 404, "others are served");
}
