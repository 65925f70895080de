use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vendzz_schemas::ids::TimedId;

use crate::harness::{Edge, Installation, answers, document, quiz_id};

/// A submission whose body has not come to its end: it holds a place inside.
async fn half_a_submission(edge: &Edge, quiz: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&edge.address).await.unwrap();
    let head = format!(
        "POST /api/quiz/{quiz}/submit HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream
}

async fn finish(mut stream: TcpStream) -> String {
    stream.write_all(b"}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn views_are_shed_first_and_submissions_last() {
    let installation = Installation::shared().await;
    let env =
        [("VENDZZ_EDGE_REQUESTS", "4"), ("VENDZZ_EDGE_BODY_TIMEOUT", "8s"), ("VENDZZ_CLIENT_RETRY", "60s")];
    let (log, edge) = (installation.log().await, installation.edge(&env).await);
    let quiz = quiz_id("shed");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let path = format!("/quiz/{quiz}");

    let mut inside = vec![half_a_submission(&edge, &quiz).await, half_a_submission(&edge, &quiz).await];
    let view = edge.view(&quiz, "text/plain", "").await;
    assert_eq!((view.status, view.code(), view.header("retry-after")), (503, "overloaded", "1"));
    let beacon = json!({ "responseId": TimedId::mint().to_string(), "sequence": 1 });
    let progress = edge.progress(&quiz, &beacon, &[]).await;
    assert_eq!((progress.status, progress.code()), (503, "overloaded"), "progress goes with views");
    assert_eq!(edge.get(&path, &[]).await.status, 200);
    inside.push(half_a_submission(&edge, &quiz).await);
    assert_eq!(edge.get(&path, &[]).await.status, 503);
    assert_eq!(edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
    inside.push(half_a_submission(&edge, &quiz).await);
    let refused = edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "overloaded"));
    assert_eq!(edge.metric("vendzz_requests_shed_total{reason=\"submission\"}").await, 1.0);

    for stream in inside {
        assert!(finish(stream).await.starts_with("HTTP/1.1 400 "), "those inside are served to the end");
    }
    assert_eq!(edge.view(&quiz, "text/plain", "").await.status, 204);
    assert_eq!(edge.progress(&quiz, &beacon, &[]).await.status, 204);
    assert_eq!(edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
}

#[tokio::test]
async fn bodies_that_would_take_too_much_memory_are_refused_before_they_are_read() {
    let installation = Installation::shared().await;
    let env = [
        ("VENDZZ_EDGE_BODY_MEMORY_KIB", "64"),
        ("VENDZZ_EDGE_BODY_TIMEOUT", "8s"),
        ("VENDZZ_CLIENT_RETRY", "60s"),
    ];
    let (log, edge) = (installation.log().await, installation.edge(&env).await);
    let quiz = quiz_id("memory");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let mut large = TcpStream::connect(&edge.address).await.unwrap();
    let head = format!(
        "POST /api/quiz/{quiz}/submit HTTP/1.1\r\nHost: edge\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n"
    );
    large.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "overloaded"));
    drop(large);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
}

#[tokio::test]
async fn a_full_queue_is_said_and_what_was_accepted_is_in_the_log() {
    let installation = Installation::shared().await;
    let (log, edge) =
        (installation.log().await, installation.edge(&[("VENDZZ_SUBMISSION_QUEUE", "2")]).await);
    let quiz = quiz_id("full");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let edge = std::sync::Arc::new(edge);
    let mut sending = Vec::new();
    for _ in 0..300 {
        let (edge, quiz, id) = (edge.clone(), quiz.clone(), TimedId::mint().to_string());
        sending.push(tokio::spawn(async move {
            let answer = edge.submit_answers(&quiz, &id, &answers()).await;
            if answer.status != 200 {
                assert_eq!((answer.status, answer.code()), (503, "log_busy"));
                assert_ne!(answer.header("retry-after"), "");
            }
            (id, answer.status)
        }));
    }
    let mut accepted = Vec::new();
    for task in sending {
        let (id, status) = task.await.unwrap();
        if status == 200 {
            accepted.push(id);
        }
    }
    let mut stored: Vec<_> =
        log.submissions_of(&quiz).await.into_iter().map(|record| record.event.response_id).collect();
    accepted.sort();
    stored.sort();
    assert!(!accepted.is_empty() && accepted.len() < 300, "{} accepted", accepted.len());
    assert_eq!(accepted, stored, "a full queue means: certainly not stored");
}
