use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Installation, exchange};

const REQUEST: &[u8] = b"GET /quiz/none HTTP/1.1\r\nHost: edge\r\n\r\n";
const BRIEF: Duration = Duration::from_millis(50);

#[tokio::test]
async fn an_idle_connection_outlives_the_header_timeout_but_not_the_idle_timeout() {
    let installation = Installation::shared().await;
    let env = [("VENDZZ_EDGE_HEADER_TIMEOUT", "300ms"), ("VENDZZ_EDGE_IDLE_TIMEOUT", "2s")];
    let edge = installation.edge(&env).await;
    let mut stream = TcpStream::connect(&edge.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(REQUEST).await.unwrap();
        let mut buffer = [0; 4_096];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        assert!(buffer.starts_with(b"HTTP/1.1 404 "));
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    let waiting = Instant::now();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "closed without a word");
    assert!(waiting.elapsed() < Duration::from_secs(4), "closed after {:?}", waiting.elapsed());
}

#[tokio::test]
async fn a_slow_head_gets_408_and_silence_is_closed() {
    let installation = Installation::shared().await;
    let edge = installation.edge(&[("VENDZZ_EDGE_HEADER_TIMEOUT", "400ms")]).await;
    let started = Instant::now();
    // Byte by byte it takes too long, although something comes all the time.
    let pieces: Vec<(&[u8], Duration)> = REQUEST.chunks(1).map(|byte| (byte, BRIEF)).collect();
    let answer = exchange(&edge.address, &pieces).await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "head_too_slow"));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let silent = exchange(&edge.address, &[]).await;
    assert_eq!((silent.status, silent.head.as_str()), (0, ""));
    let preface_only = exchange(&edge.address, &[(b"PR", BRIEF)]).await;
    assert_eq!(preface_only.status, 0);
}

#[tokio::test]
async fn connections_over_the_cap_are_told_to_come_again() {
    let installation = Installation::shared().await;
    let edge = installation.edge(&[("VENDZZ_EDGE_CONNECTIONS", "5")]).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(&edge.address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let mut buffer = [0; 4_096];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        held.push(stream);
    }
    assert_eq!(edge.metric("vendzz_connections").await, 5.0);
    let refused = exchange(&edge.address, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "too_many_connections"));
    assert!(refused.head.contains("retry-after: 1"));
    held.clear();
    let deadline = Instant::now() + Duration::from_secs(5);
    while exchange(
        &edge.address,
        &[(b"GET /quiz/none HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n", BRIEF)],
    )
    .await
    .status
        != 404
    {
        assert!(Instant::now() < deadline, "a place is free again");
    }
}
