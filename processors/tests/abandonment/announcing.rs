use vendzz_schemas::events::{QuizAbandoned, QuizProgressed};
use vendzz_schemas::topics::QUIZ_ABANDONED;

use crate::harness::{
    Decision, Installation, beacon, bot_beacon, eventually, minutes_ago, response_id, submission_of,
};

/// By the beacon alone.
fn expected(beacon: &QuizProgressed, abandon_after_ms: i64) -> QuizAbandoned {
    let beacon = beacon.clone();
    QuizAbandoned {
        account_id: beacon.account_id,
        quiz_id: beacon.quiz_id,
        response_id: beacon.response_id,
        visitor_id: beacon.visitor_id,
        version: beacon.version,
        last_seen_at: beacon.received_at,
        abandoned_at: beacon.received_at + abandon_after_ms,
        last_element: beacon.elements.last().unwrap().element_id.clone(),
        elements_seen: beacon.elements.len() as i32,
        answers: beacon.answers,
        hidden: beacon.hidden,
        utm: beacon.utm,
        referrer: beacon.referrer,
        device: beacon.device,
        country: beacon.country,
        bot_verdict: beacon.bot_verdict,
        tags: beacon.tags,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_announced_once_who_finished_never_and_of_bots_nothing_is_said() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let log = &installation.log;
    let (left, finished) = (response_id(), response_id());
    let first = beacon(left, 1, minutes_ago(12));
    // The row is of the highest sequence, whatever comes last.
    let last = QuizProgressed { visitor_id: None, ..beacon(left, 3, minutes_ago(10)) };
    let out_of_turn = beacon(left, 2, minutes_ago(11));
    for event in [&first, &last, &out_of_turn] {
        log.progress(event).await;
    }
    log.progress(&bot_beacon(response_id(), minutes_ago(10))).await;
    let of_finisher = beacon(finished, 1, minutes_ago(10));
    log.progress(&of_finisher).await;
    log.submit(&submission_of(&of_finisher)).await;
    eventually("beacons are folded", async || (installation.partial_responses().await == 3).then_some(()))
        .await;

    let mut abandonment = installation.abandonment(&[]).await;
    let decision = |response_id: &str, outcome: &str, is_published| Decision {
        response_id: response_id.to_owned(),
        outcome: outcome.to_owned(),
        is_published,
    };
    let decided =
        [decision(&left.to_string(), "abandoned", true), decision(&finished.to_string(), "finished", false)];
    eventually("both are decided", async || (installation.decisions().await == decided).then_some(())).await;
    abandonment.sweeps(5).await;
    let records = log.abandonments().await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].event, expected(&last, 300_000));
    assert_eq!(records[0].key, format!("emagrecimento/{left}"));
    assert_eq!(records[0].partition, log.partition(QUIZ_ABANDONED, "emagrecimento", &left.to_string()));
    assert_eq!(installation.decisions().await, decided);
    let waiting: i64 = installation.value("SELECT count(*) FROM abandonment_v1.waiting").await;
    assert_eq!(waiting, 0);
    assert_eq!(abandonment.metric("vendzz_abandonment_decided_total{outcome=\"abandoned\"}").await, 1.0);
    assert_eq!(abandonment.metric("vendzz_abandonment_decided_total{outcome=\"finished\"}").await, 1.0);
    assert_eq!(abandonment.metric("vendzz_abandonment_published_total").await, 1.0);
    assert!(
        !abandonment.log().contains("exemplo.com"),
        "no personal data in the log:\n{}",
        abandonment.log()
    );

    abandonment.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(abandonment.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_still_come_back_is_not_announced_yet() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let (early, late) = (response_id(), response_id());
    installation.log.progress(&beacon(early, 1, minutes_ago(6))).await;
    installation.log.progress(&beacon(late, 1, minutes_ago(3))).await;
    let abandonment = installation.abandonment(&[]).await;
    eventually("the early one is announced", async || {
        let records = installation.log.abandonments().await;
        records.iter().any(|record| record.event.response_id == early.to_string()).then_some(())
    })
    .await;
    abandonment.sweeps(3).await;
    assert_eq!(installation.log.abandonments().await.len(), 1);
    let waiting: String = installation.value("SELECT response_id::text FROM abandonment_v1.waiting").await;
    assert_eq!(waiting, late.to_string());
}
