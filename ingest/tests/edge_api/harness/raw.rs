use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(15);

/// What came back over a bare connection.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    /// 0: the connection was closed without an answer.
    pub status: u16,
    /// Everything before the first blank line.
    pub head: String,
    pub body: String,
}

impl RawAnswer {
    /// Of a problem document; empty when there is none.
    pub(crate) fn code(&self) -> String {
        let document: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let code = document["type"].as_str().and_then(|text| text.strip_prefix("urn:vendzz:problem:"));
        code.unwrap_or_default().to_owned()
    }
}

/// Sends pieces with a pause after each, and reads until the other side closes.
pub(crate) async fn exchange(address: &str, pieces: &[(&[u8], Duration)]) -> RawAnswer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = async {
        for (piece, pause) in pieces {
            // The other side may have answered and closed already.
            if writer.write_all(piece).await.is_err() {
                break;
            }
            tokio::time::sleep(*pause).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count) = reader.read(&mut buffer).await
            && count > 0
        {
            bytes.extend_from_slice(&buffer[..count]);
        }
        bytes
    };
    let bytes = tokio::select! {
        bytes = tokio::time::timeout(PATIENCE, reading) => bytes.expect("the edge neither answers nor closes"),
        () = sending => unreachable!("it never ends"),
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0);
    RawAnswer { status, head: head.to_owned(), body: body.to_owned() }
}
