use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::{Client, Method};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vendzz_schemas::ids::TimedId;

use crate::harness::{Edge, Installation, answers, document, quiz_id};

const WORKERS: usize = 32;

/// Submits and views from many sides until the edge is gone. Returns the ids that were answered 200, and
/// how many views were answered 204.
async fn traffic_until(edge: &Edge, quiz: &str, end: impl AsyncFnOnce()) -> (BTreeSet<String>, usize) {
    let viewed = Arc::new(AtomicUsize::new(0));
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let (client, viewed) = (Client::new(), viewed.clone());
        let submit = format!("http://{}/api/quiz/{quiz}/submit", edge.address);
        let view = format!("http://{}/api/quiz/{quiz}/view", edge.address);
        workers.push(tokio::spawn(async move {
            let mut accepted = Vec::new();
            loop {
                let id = TimedId::mint().to_string();
                let body = json!({ "responseId": id, "answers": answers() });
                match client.request(Method::POST, &submit).json(&body).send().await {
                    Ok(answer) if answer.status() == 200 => accepted.push(id),
                    Ok(answer) => assert_eq!(answer.status(), 503),
                    Err(_) => return accepted,
                }
                match client.request(Method::POST, &view).send().await {
                    Ok(answer) if answer.status() == 204 => drop(viewed.fetch_add(1, Ordering::Relaxed)),
                    Ok(answer) => assert_eq!(answer.status(), 503),
                    Err(_) => return accepted,
                }
            }
        }));
    }
    end().await;
    let mut accepted = BTreeSet::new();
    for worker in workers {
        accepted.extend(worker.await.unwrap());
    }
    (accepted, viewed.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_under_load_loses_nothing() {
    let installation = Installation::shared().await;
    let (log, mut edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("drain");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let (accepted, viewed) = traffic_until(&edge, &quiz, async || {
        tokio::time::sleep(Duration::from_secs(2)).await;
        edge.signal(Signal::SIGTERM);
    })
    .await;
    assert_eq!(edge.exit_status(Duration::from_secs(15)).await.code(), Some(0));
    let stored: BTreeSet<String> =
        log.submissions_of(&quiz).await.into_iter().map(|record| record.event.response_id).collect();
    assert!(accepted.len() > 100, "only {} accepted", accepted.len());
    assert_eq!(accepted.difference(&stored).count(), 0, "answered 200 and not in the log");
    let views = log.views_of(&quiz, viewed).await;
    assert!(views.len() <= viewed + WORKERS, "{} views in the log, {viewed} answered", views.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_a_kill_is_in_the_log() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("kill");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let (accepted, _) = traffic_until(&edge, &quiz, async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        edge.signal(Signal::SIGKILL);
    })
    .await;
    let stored: BTreeSet<String> =
        log.submissions_of(&quiz).await.into_iter().map(|record| record.event.response_id).collect();
    assert!(accepted.len() > 100, "only {} accepted", accepted.len());
    assert_eq!(accepted.difference(&stored).count(), 0, "answered 200 and not in the log");
}

async fn half_a_submission(edge: &Edge, quiz: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&edge.address).await.unwrap();
    let head = format!(
        "POST /api/quiz/{quiz}/submit HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        body.len(),
        &body[..body.len() / 2]
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    stream
}

#[tokio::test]
async fn a_body_on_its_way_is_waited_for_a_while_and_then_sent_elsewhere() {
    let installation = Installation::shared().await;
    let env = [("VENDZZ_DRAIN_BODY", "1s"), ("VENDZZ_EDGE_BODY_TIMEOUT", "9s")];
    let (log, mut edge) = (installation.log().await, installation.edge(&env).await);
    let quiz = quiz_id("late");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let body = json!({ "answers": answers() }).to_string();
    let mut in_time = half_a_submission(&edge, &quiz, &body).await;
    let mut too_late = half_a_submission(&edge, &quiz, &body).await;
    let mut idle = TcpStream::connect(&edge.address).await.unwrap();

    let drained = Instant::now();
    edge.signal(Signal::SIGTERM);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(TcpStream::connect(&edge.address).await.is_err(), "no new connection is accepted");
    assert_eq!(edge.readiness().await.0, 503);
    in_time.write_all(&body.as_bytes()[body.len() / 2..]).await.unwrap();
    let mut answer = String::new();
    in_time.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let mut answer = String::new();
    too_late.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("urn:vendzz:problem:draining"),
        "{answer}"
    );
    assert!(answer.contains("retry-after: 1"));
    let waited = drained.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(4), "{waited:?}");
    idle.read_to_string(&mut answer).await.unwrap();
    assert_eq!(edge.exit_status(Duration::from_secs(5)).await.code(), Some(0));
    assert_eq!(log.submissions_of(&quiz).await.len(), 1);
}
