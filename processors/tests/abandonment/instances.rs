use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::harness::{Installation, beacon, eventually, minutes_ago, response_id, submission_of};

/// Small batches, so that both are at it.
const SMALL: [(&str, &str); 1] = [("VENDZZ_ABANDON_BATCH", "7")];

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_announce_everybody_once_and_one_goes_on_when_the_other_is_killed() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let mut expected = BTreeSet::new();
    for number in 0..200 {
        let response = response_id();
        let event = beacon(response, 1, minutes_ago(10));
        installation.log.progress(&event).await;
        if number % 4 == 0 {
            installation.log.submit(&submission_of(&event)).await;
        } else {
            expected.insert(response.to_string());
        }
    }
    eventually("all are folded", async || (installation.partial_responses().await == 200).then_some(()))
        .await;
    let (mut one, other) = tokio::join!(installation.abandonment(&SMALL), installation.abandonment(&SMALL));
    let all_published = async || {
        let sql = "SELECT count(*) FROM abandonment_v1.decisions WHERE published_at IS NOT NULL";
        (installation.value::<i64>(sql).await == expected.len() as i64).then_some(())
    };
    eventually("all are announced", all_published).await;
    other.sweeps(2).await;
    let records = installation.log.abandonments().await;
    assert_eq!(records.len(), expected.len(), "without a crash there are no copies");
    let announced: BTreeSet<String> = records.into_iter().map(|record| record.event.response_id).collect();
    assert_eq!(announced, expected);

    for _ in 0..100 {
        let response = response_id();
        installation.log.progress(&beacon(response, 1, minutes_ago(10))).await;
        expected.insert(response.to_string());
    }
    eventually("the next are folded", async || (installation.partial_responses().await >= 220).then_some(()))
        .await;
    one.kill();
    let killed = Instant::now();
    let all_published = async || {
        let sql = "SELECT count(*) FROM abandonment_v1.decisions WHERE published_at IS NOT NULL";
        (installation.value::<i64>(sql).await == expected.len() as i64).then_some(())
    };
    eventually("the other one goes on", all_published).await;
    assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", killed.elapsed());
    let records = installation.log.abandonments().await;
    let announced: BTreeSet<String> = records.iter().map(|record| record.event.response_id.clone()).collect();
    assert_eq!(announced, expected);
}
