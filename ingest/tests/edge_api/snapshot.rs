//! An edge that starts while Kafka is away.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use vendzz_schemas::ids::TimedId;

use crate::harness::{Edge, Installation, answers, document, kafka_address, quiz_id};

/// A port on which nothing listens.
async fn dead_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Carries a bootstrap address over to the real broker, which then says its own address.
async fn revive(address: &str) {
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(kafka_address()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
}

async fn edge_that_left_a_snapshot(installation: &Installation, folder: &Path, quiz: &str) -> i64 {
    let log = installation.log().await;
    let mut edge = installation.edge(&[("VENDZZ_EDGE_SNAPSHOT_DIR", folder.to_str().unwrap())]).await;
    let version = log.publish(quiz, &document("um")).await;
    edge.wait_for_version(quiz, version).await;
    edge.signal(Signal::SIGTERM);
    assert_eq!(edge.exit_status(Duration::from_secs(15)).await.code(), Some(0));
    version
}

fn spawn_without_kafka(installation: &Installation, folder: &Path, bootstrap: &str) -> Edge {
    let env = [
        ("VENDZZ_KAFKA_BOOTSTRAP", bootstrap),
        ("VENDZZ_EDGE_SNAPSHOT_DIR", folder.to_str().unwrap()),
        ("VENDZZ_EDGE_SNAPSHOT_AFTER", "300ms"),
    ];
    Edge::spawn(&installation.prefix, &env)
}

#[tokio::test]
async fn without_kafka_quizzes_are_served_submissions_refused_and_everything_comes_back() {
    let installation = Installation::new().await;
    let folder = tempfile::tempdir().unwrap();
    let quiz = quiz_id("snapshot");
    let version = edge_that_left_a_snapshot(&installation, folder.path(), &quiz).await;
    let bootstrap = dead_port().await;
    let edge = spawn_without_kafka(&installation, folder.path(), &bootstrap);

    edge.wait_until_ready().await;
    let (_, readiness) = edge.readiness().await;
    assert_eq!(readiness["status"], "degraded", "{readiness}");
    assert!(readiness["degraded"]["definitions"].as_str().unwrap().contains("snapshot"), "{readiness}");
    let page = edge.get(&format!("/quiz/{quiz}"), &[]).await;
    assert_eq!((page.status, page.body["version"].as_i64()), (200, Some(version)));
    let refused = edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await;
    assert_eq!((refused.status, refused.code()), (503, "log_unavailable"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(edge.view(&quiz, "text/plain", "").await.status, 503);
    let beacon = |version: i64| json!({ "responseId": TimedId::mint().to_string(), "sequence": 1, "version": version });
    let dropped = edge.progress(&quiz, &beacon(version), &[]).await;
    assert_eq!(
        (dropped.status, dropped.code(), dropped.header("retry-after")),
        (503, "progress_dropped", "5")
    );
    let ahead = edge.progress(&quiz, &beacon(version + 1), &[]).await;
    assert_eq!(
        (ahead.status, ahead.code()),
        (503, "version_not_yet_known"),
        "it may have missed that version"
    );
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"dropped\"}").await, 2.0);
    assert_eq!(edge.get("/quiz/never-was", &[]).await.status, 404);

    // Meanwhile the quiz was edited; then Kafka is back.
    let log = installation.log().await;
    let newer = log.publish(&quiz, &document("dois")).await;
    revive(&bootstrap).await;
    edge.wait_for_version(&quiz, newer).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while edge.readiness().await.1["status"] != "ready" {
        assert!(Instant::now() < deadline, "{:?}", edge.readiness().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
    assert_eq!(log.submissions_of(&quiz).await.len(), 1);
    assert_eq!(edge.progress(&quiz, &beacon(newer), &[]).await.status, 204);
    assert_eq!(log.progress_of(&quiz, 1).await.len(), 1);
}

#[tokio::test]
async fn a_damaged_snapshot_is_named_and_not_used() {
    let installation = Installation::new().await;
    let folder = tempfile::tempdir().unwrap();
    let quiz = quiz_id("damaged");
    edge_that_left_a_snapshot(&installation, folder.path(), &quiz).await;
    let file = folder.path().join("edge.snapshot");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&file, bytes).unwrap();

    let edge = spawn_without_kafka(&installation, folder.path(), &dead_port().await);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let (status, readiness) = edge.readiness().await;
        assert_eq!(status, 503, "{readiness}");
        // Just started, it may not have said yet what it waits for.
        if readiness["missing"]["definitions"].as_str().is_some_and(|reason| reason.contains("damaged")) {
            break;
        }
        assert!(Instant::now() < deadline, "{readiness}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(edge.log().contains("its checksum is wrong"));
    let answer = edge.get(&format!("/quiz/{quiz}"), &[]).await;
    assert_eq!((answer.status, answer.code()), (503, "starting"));
}

#[tokio::test]
async fn without_kafka_and_without_a_snapshot_the_edge_waits_and_says_why() {
    let installation = Installation::shared().await;
    let folder = tempfile::tempdir().unwrap();
    let edge = spawn_without_kafka(installation, folder.path(), &dead_port().await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (status, readiness) = edge.readiness().await;
    assert_eq!((status, readiness["status"].as_str()), (503, Some("unready")));
    assert!(
        readiness["missing"]["definitions"].as_str().unwrap().contains("there is no snapshot"),
        "{readiness}"
    );
    let submitted = edge.submit("any", &json!({}), &[]).await;
    assert_eq!((submitted.status, submitted.code(), submitted.header("retry-after")), (503, "starting", "1"));
}

#[tokio::test]
async fn the_snapshot_is_written_while_the_edge_runs_so_a_kill_costs_little() {
    let installation = Installation::new().await;
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("VENDZZ_EDGE_SNAPSHOT_DIR", folder.path().to_str().unwrap()),
        ("VENDZZ_EDGE_SNAPSHOT_EVERY", "200ms"),
    ];
    let (log, edge) = (installation.log().await, installation.edge(&env).await);
    let quiz = quiz_id("periodic");
    let version = log.publish(&quiz, &document("um")).await;
    edge.wait_for_version(&quiz, version).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    edge.signal(Signal::SIGKILL);
    let edge = spawn_without_kafka(&installation, folder.path(), &dead_port().await);
    edge.wait_until_ready().await;
    assert_eq!(edge.get(&format!("/quiz/{quiz}"), &[]).await.body["version"], version);
}
