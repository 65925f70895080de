use std::time::Duration;

use serde_json::json;
use vendzz_schemas::ids::TimedId;

use crate::harness::{Edge, Installation, answers, document, quiz_id};

#[tokio::test]
async fn edges_that_start_together_hash_addresses_under_one_key() {
    let installation = Installation::new().await;
    let edges = [
        Edge::spawn(&installation.prefix, &[]),
        Edge::spawn(&installation.prefix, &[]),
        Edge::spawn(&installation.prefix, &[]),
    ];
    let log = installation.log().await;
    let quiz = quiz_id("key");
    let version = log.publish(&quiz, &document("Olá")).await;
    for edge in &edges {
        edge.wait_until_ready().await;
        edge.wait_for_version(&quiz, version).await;
        assert_eq!(edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
        assert_eq!(edge.metric("vendzz_address_hash_missing_total").await, 0.0);
    }
    let records = log.submissions_of(&quiz).await;
    let hash = &records[0].event.address_hash;
    assert_eq!(hash.len(), 32);
    assert!(records.len() == 3 && records.iter().all(|record| &record.event.address_hash == hash));
    let keys = log.address_keys().await;
    assert!(!keys.is_empty() && keys.iter().all(|key| key["key"].as_str().unwrap().len() == 64));

    let late = installation.edge(&[]).await;
    assert_eq!(late.submit(&quiz, &json!({ "answers": answers() }), &[]).await.status, 200);
    assert_eq!(&log.submissions_of(&quiz).await[3].event.address_hash.len(), &hash.len());
    assert!(log.submissions_of(&quiz).await.iter().all(|record| &record.event.address_hash == hash));
    assert_eq!(log.address_keys().await.len(), keys.len(), "who finds a key makes none");
}

#[tokio::test]
async fn without_topics_the_edge_is_not_ready_and_names_the_command() {
    let edge = Edge::spawn("test-edge-never-made.", &[("VENDZZ_EDGE_SNAPSHOT_AFTER", "200ms")]);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (status, readiness) = edge.readiness().await;
    assert_eq!(status, 503, "{readiness}");
    assert!(edge.log().contains("vendzz topics apply"), "{}", edge.log());
}

#[tokio::test]
async fn in_production_topics_on_one_broker_are_too_little() {
    let installation = Installation::shared().await;
    let edge = Edge::spawn(&installation.prefix, &[("VENDZZ_PROFILE", "production")]);
    for _ in 0..200 {
        let (status, readiness) = edge.readiness().await;
        assert_eq!(status, 503, "{readiness}");
        if readiness["missing"]["durability"]
            .as_str()
            .is_some_and(|reason| reason.contains("min.insync.replicas"))
        {
            let (log, quiz) = (installation.log().await, quiz_id("single"));
            let version = log.publish(&quiz, &document("Olá")).await;
            edge.wait_for_version(&quiz, version).await;
            let refused = edge.submit(&quiz, &json!({ "answers": answers() }), &[]).await;
            assert_eq!(refused.status, 503, "{refused:?}");
            let beacon = json!({ "responseId": TimedId::mint().to_string(), "sequence": 1 });
            let dropped = edge.progress(&quiz, &beacon, &[]).await;
            assert_eq!((dropped.status, dropped.code()), (503, "progress_dropped"));
            assert_eq!(log.submissions_of(&quiz).await.len(), 0);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", edge.readiness().await);
}
