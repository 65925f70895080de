//! The process ends itself at each named point, and another goes on.

use std::os::unix::process::ExitStatusExt;

use vendzz_schemas::events::QuizAbandoned;
use vendzz_test_support::Record;

use crate::harness::{Installation, beacon, eventually, minutes_ago, response_id, submission_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nobody_and_announces_nobody_otherwise_than_before() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let mut left = Vec::new();
    for (point, most_copies) in [
        ("abandonment.before_decision", 1),
        ("abandonment.after_decision", 1),
        ("abandonment.before_publish", 1),
        ("abandonment.after_publish", 2),
    ] {
        let responses: Vec<String> = (0..5).map(|_| response_id().to_string()).collect();
        for response in &responses {
            let response = vendzz_schemas::ids::TimedId::parse(response).unwrap();
            installation.log.progress(&beacon(response, 1, minutes_ago(10))).await;
        }
        let finisher = beacon(response_id(), 1, minutes_ago(10));
        installation.log.submit(&submission_of(&finisher)).await;
        installation.log.progress(&finisher).await;

        let mut crashing = installation.spawn_abandonment(&[("VENDZZ_CRASH_AT", point)]);
        let status = crashing.ended().await;
        assert_eq!(status.signal(), Some(nix::libc::SIGABRT), "{point}: {status}");
        left.extend(responses.clone());

        let _next = installation.abandonment(&[]).await;
        let records = eventually("all are announced", async || {
            let unpublished = "SELECT count(*) FROM abandonment_v1.decisions
                WHERE outcome = 'abandoned' AND published_at IS NULL";
            let decisions = installation.decisions().await;
            let abandoned = decisions.iter().filter(|decision| decision.outcome == "abandoned").count();
            let is_done = abandoned == left.len() && installation.value::<i64>(unpublished).await == 0;
            match is_done {
                true => Some(installation.log.abandonments().await),
                false => None,
            }
        })
        .await;
        for response in &responses {
            let copies: Vec<_> =
                records.iter().filter(|record| record.event.response_id == *response).collect();
            assert!((1..=most_copies).contains(&copies.len()), "{point}: {} copies", copies.len());
            let said = |copy: &Record<QuizAbandoned>| (copy.partition, copy.key.clone(), copy.event.clone());
            assert!(copies.iter().all(|copy| said(copy) == said(copies[0])), "{point}: copies differ");
        }
        if point == "abandonment.after_publish" {
            assert!(records.len() > left.len(), "what was not marked comes again");
        }
        assert!(records.iter().all(|record| left.contains(&record.event.response_id)), "{point}");
    }
    let finished =
        installation.decisions().await.iter().filter(|decision| decision.outcome == "finished").count();
    assert_eq!(finished, 4);
}
