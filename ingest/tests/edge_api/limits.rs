use reqwest::Method;
use serde_json::json;
use vendzz_schemas::ids::TimedId;

use crate::harness::{Answer, Edge, Installation, answers, document, exits_with, quiz_id};

const NARROW: [(&str, &str); 6] = [
    ("VENDZZ_LIMIT_SUBMISSIONS_PER_MINUTE", "1"),
    ("VENDZZ_LIMIT_SUBMISSIONS_BURST", "3"),
    ("VENDZZ_LIMIT_VIEWS_PER_MINUTE", "1"),
    ("VENDZZ_LIMIT_VIEWS_BURST", "4"),
    ("VENDZZ_LIMIT_PROGRESS_PER_MINUTE", "1"),
    ("VENDZZ_LIMIT_PROGRESS_BURST", "5"),
];

async fn accepted_from(edge: &Edge, quiz: &str, forwarded: &[&str], times: usize) -> usize {
    let mut accepted = 0;
    for _ in 0..times {
        let headers: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let answer = edge.submit(quiz, &json!({ "answers": answers() }), &headers).await;
        match answer.status {
            200 => accepted += 1,
            429 => {
                assert_eq!(answer.code(), "rate_limited");
                assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    accepted
}

#[tokio::test]
async fn a_network_over_its_rate_is_told_when_to_come_back() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&NARROW).await);
    let quiz = quiz_id("limits");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    assert_eq!(accepted_from(&edge, &quiz, &[], 6).await, 3);
    assert_eq!(log.submissions_of(&quiz).await.len(), 3);
    assert_eq!(edge.metric("vendzz_quiz_submissions_total{outcome=\"limited\"}").await, 3.0);

    let mut viewed = Vec::new();
    for _ in 0..6 {
        viewed.push(edge.view(&quiz, "text/plain", "").await.status);
    }
    assert_eq!(viewed, [204, 204, 204, 204, 429, 429], "views have a bucket of their own");
    let mut reported = Vec::new();
    for _ in 0..7 {
        let beacon = json!({ "responseId": TimedId::mint().to_string(), "sequence": 1 });
        let answer = edge.progress(&quiz, &beacon, &[]).await;
        reported.push(answer.status);
        if answer.status == 429 {
            assert_eq!(answer.code(), "rate_limited");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
    }
    assert_eq!(reported, [204, 204, 204, 204, 204, 429, 429], "and so has progress");
    assert_eq!(edge.metric("vendzz_quiz_progress_total{outcome=\"limited\"}").await, 2.0);
    assert_eq!(edge.metric("vendzz_rate_limited_total{route=\"progress\"}").await, 2.0);
    assert_eq!(edge.get(&format!("/quiz/{quiz}"), &[]).await.status, 200, "the quiz itself is still served");
}

#[tokio::test]
async fn a_forwarding_header_counts_only_from_a_trusted_proxy() {
    let installation = Installation::shared().await;
    let log = installation.log().await;
    let quiz = quiz_id("forwarded");
    let version = log.publish(&quiz, &document("Olá")).await;

    // Nobody is trusted: whatever a stranger writes, he stays who he is.
    let edge = installation.edge(&NARROW).await;
    edge.wait_for_version(&quiz, version).await;
    let mut accepted = 0;
    for client in 0..8 {
        accepted += accepted_from(&edge, &quiz, &[&format!("203.0.113.{client}")], 1).await;
    }
    assert_eq!(accepted, 3);

    // Behind a trusted proxy each client has a bucket, and what he wrote himself on the left is nothing.
    let trusting = [&NARROW[..], &[("VENDZZ_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")]].concat();
    let edge = installation.edge(&trusting).await;
    edge.wait_for_version(&quiz, version).await;
    assert_eq!(accepted_from(&edge, &quiz, &["203.0.113.7"], 5).await, 3);
    assert_eq!(accepted_from(&edge, &quiz, &["203.0.113.8"], 5).await, 3);
    assert_eq!(accepted_from(&edge, &quiz, &["198.51.100.1, 203.0.113.7"], 2).await, 0);
    assert_eq!(accepted_from(&edge, &quiz, &["198.51.100.2", "203.0.113.7, 10.1.1.1"], 2).await, 0);
    assert_eq!(
        accepted_from(&edge, &quiz, &["198.51.100.3, garbage"], 5).await,
        3,
        "an unreadable hop: the proxy itself"
    );
    assert_eq!(accepted_from(&edge, &quiz, &["198.51.100.4, garbage"], 5).await, 0);

    let records = log.submissions_of(&quiz).await;
    let hashes: std::collections::BTreeSet<_> =
        records.iter().map(|record| record.event.address_hash.clone()).collect();
    // The test's own address (also as the proxy's), and two clients; the raw address is nowhere.
    assert_eq!(hashes.len(), 3);
    assert!(!format!("{records:?}").contains("203.0.113"));
}

#[tokio::test]
async fn a_country_counts_only_from_a_trusted_proxy() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("country");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    edge.submit(&quiz, &json!({ "answers": answers() }), &[("cf-ipcountry", "BR")]).await;
    assert_eq!(log.submissions_of(&quiz).await[0].event.country, "");
}

#[test]
fn loopback_is_not_trusted_on_a_port_that_others_reach() {
    let env = [
        ("VENDZZ_EDGE_ADDR", "0.0.0.0:0"),
        ("VENDZZ_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1"),
        ("VENDZZ_EPOCH_LEAD", "1m"),
    ];
    let output = exits_with(64, &[], &env);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("VENDZZ_TRUSTED_PROXIES") && said.contains("VENDZZ_EPOCH_LEAD"),
        "every mistake: {said}"
    );
    exits_with(0, &["--print-config"], &env[..1]);
    let help = exits_with(0, &["--help"], &[]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("VENDZZ_LIMIT_PROGRESS_BURST"));
}

#[tokio::test]
async fn a_flood_on_one_quiz_makes_its_bot_check_strict_and_refuses_nobody() {
    let installation = Installation::shared().await;
    let (log, edge) =
        (installation.log().await, installation.edge(&[("VENDZZ_HOT_QUIZ_PER_SECOND", "4")]).await);
    let quiz = quiz_id("hot");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let nobody = reqwest::Client::new();
    let mut verdicts = Vec::new();
    for _ in 0..60 {
        let request = nobody.request(Method::POST, format!("http://{}/api/quiz/{quiz}/submit", edge.address));
        let answer = Answer::of(request.json(&json!({ "answers": answers() })).send().await.unwrap()).await;
        assert_eq!(answer.status, 200);
    }
    let mut records = log.submissions_of(&quiz).await;
    records.sort_by_key(|record| record.event.received_at);
    verdicts.extend(records.into_iter().map(|record| record.event.bot_verdict));
    assert_eq!((verdicts[0].as_str(), verdicts[59].as_str()), ("suspect", "bot"));
}
