#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vendzz_runtime::config::Secret;

use super::connector::connector;
use super::test_server::{Behaviour, TestServer};
use super::{HttpAnswer, HttpClient, bearer};
use crate::providers::troubles::cause_of;
use crate::providers::{NotTaken, NotTakenKind, Outcome};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(10);

fn client(timeout: Duration) -> HttpClient {
    HttpClient::new(bearer(&Secret::new("a-token")).unwrap(), timeout).unwrap()
}

async fn post(base_url: &str, timeout: Duration) -> Result<HttpAnswer, Outcome> {
    let url = format!("{base_url}/x").parse().unwrap();
    client(timeout).post(&url, "text/plain", b"a body of some bytes".to_vec()).await
}

fn not_taken(reason: &'static str) -> Outcome {
    Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::Away })
}

#[tokio::test]
async fn what_certainly_did_not_leave_is_not_taken() {
    // Nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(post(&format!("http://{address}"), LONG).await.unwrap_err(), not_taken("connect"));

    // A server that is no TLS server, and one that never answers the handshake.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let (mut silent, _) = listener.accept().await.unwrap();
        let mut hello = Vec::new();
        silent.read_to_end(&mut hello).await.unwrap();
        hello
    });
    assert_eq!(post(&format!("https://{address}"), LONG).await.unwrap_err(), not_taken("connect"));
    assert_eq!(post(&format!("https://{address}"), SHORT).await.unwrap_err(), not_taken("connect_timeout"));
    let hello = server.await.unwrap();
    assert!(!hello.windows(6).any(|window| window == b"a body"), "a body left without TLS");
}

/// A closed port, a name that nobody has and a server without TLS are all `connect`; the log tells them apart.
#[tokio::test]
async fn the_cause_of_a_failed_connection_can_be_read() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    // Longer than a name's part may be, so that no server is asked.
    let no_name = format!("http://{}.invalid", "x".repeat(64));
    let client: Client<_, String> = Client::builder(TokioExecutor::new()).build(connector().unwrap());
    for (url, expected) in [
        (format!("http://{nobody}"), "refused"),
        (no_name, "dns"),
        (format!("https://{plain}"), "corrupt message"),
    ] {
        let request = hyper::Request::post(&url).body("of a person".to_owned()).unwrap();
        let cause = cause_of(&client.request(request).await.unwrap_err());
        assert!(cause.contains(expected) && !cause.contains("person"), "{cause}");
    }
}

#[tokio::test]
async fn what_left_and_was_not_answered_is_unknown() {
    let unknown = |reason| Outcome::Unknown { reason };
    for (behaviour, timeout, expected) in [
        (Behaviour::CutAfterHead, LONG, unknown("connection_cut")),
        (Behaviour::CutInBody, LONG, unknown("connection_cut")),
        (Behaviour::CutAfterBody, LONG, unknown("connection_cut")),
        (Behaviour::Babble, LONG, unknown("connection_cut")),
        (Behaviour::AnswerAfter(LONG, 200, String::new()), SHORT, unknown("timeout")),
    ] {
        let server = TestServer::start([behaviour.clone()]).await;
        assert_eq!(post(&server.base_url(), timeout).await.unwrap_err(), expected, "{behaviour:?}");
        assert_eq!(server.received().len(), 1, "{behaviour:?}");
    }
}

#[tokio::test]
async fn the_whole_call_has_one_deadline_and_a_status_counts_without_its_body() {
    let headers = vec![("retry-after", "7".to_owned())];
    let server = TestServer::start([
        Behaviour::StallInAnswer(429, headers.clone(), "{\"code\": 20429}".to_owned()),
        Behaviour::CutInAnswer(429, headers, "{\"code\": 20429}".to_owned()),
        Behaviour::AnswerAfter(SHORT / 2, 200, "{}".to_owned()),
    ])
    .await;
    let started = Instant::now();
    for _ in 0..2 {
        let answer = post(&server.base_url(), SHORT).await.unwrap();
        assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(7))));
        assert!(answer.json::<serde_json::Value>().is_none());
    }
    assert!(started.elapsed() < SHORT * 3, "{:?}", started.elapsed());
    let answer = post(&server.base_url(), SHORT).await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>(), Some(serde_json::json!({})));
}

#[tokio::test]
async fn no_more_than_64_kib_of_an_answer_is_read() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let server = TestServer::start([
        Behaviour::Answer(200, text(64 * 1024)),
        Behaviour::Answer(200, text(64 * 1024 + 1)),
        Behaviour::Answer(200, text(20_000_000)),
    ])
    .await;
    assert!(post(&server.base_url(), LONG).await.unwrap().json::<String>().is_some());
    for _ in 0..2 {
        assert!(post(&server.base_url(), LONG).await.unwrap().json::<String>().is_none());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = TestServer::start([Behaviour::Answer(200, "{}".to_owned())]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = vec![("location", elsewhere.base_url())];
        let server = TestServer::start([Behaviour::AnswerWith(status, location, String::new())]).await;
        assert_eq!(post(&server.base_url(), LONG).await.unwrap().status, status);
    }
    assert!(elsewhere.received().is_empty());
}

/// The server closes each connection behind its answer without saying so, and so the client finds pooled connections
/// dead at all possible moments.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_body_is_ever_sent_twice() {
    const CALLS: usize = 300;
    let behaviours = (0..CALLS).map(|call| match call % 3 {
        0 => Behaviour::Answer(201, "{}".to_owned()),
        1 => Behaviour::AnswerAndClose(201, "{}".to_owned()),
        _ => Behaviour::CutAfterBody,
    });
    let server = TestServer::start(behaviours).await;
    let url = server.base_url().parse().unwrap();
    let client = client(LONG);
    let mut answered = Vec::new();
    for call in 0..CALLS {
        let body = format!("call {call}");
        match client.post(&url, "text/plain", body.clone().into_bytes()).await {
            Ok(answer) => {
                assert_eq!(answer.status, 201);
                answered.push(body);
            }
            Err(outcome) => assert!(
                matches!(outcome, Outcome::Unknown { reason: "connection_cut" } | Outcome::NotTaken(_)),
                "{outcome:?}"
            ),
        }
    }
    let mut bodies: Vec<String> =
        server.received().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect();
    let seen = bodies.len();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), seen, "a body came twice");
    assert!(answered.iter().all(|body| bodies.contains(body)));
    assert!(answered.len() >= CALLS / 2, "only {} of {CALLS} were answered", answered.len());
}
