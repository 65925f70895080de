//! The state projector is held back: it does not run while somebody finishes.

use crate::harness::{Installation, beacon, eventually, minutes_ago, response_id, submission_of};

const BEHIND: &str = "vendzz_abandonment_behind_projector";

/// A finisher whose beacon is folded, and whose submission stands in the log and is not.
async fn finisher_unfolded() -> (Installation, String) {
    let installation = Installation::new().await;
    let mut projector = installation.projector().await;
    let response = response_id();
    let event = beacon(response, 1, minutes_ago(10));
    installation.log.progress(&event).await;
    eventually("the beacon is folded", async || (installation.partial_responses().await == 1).then_some(()))
        .await;
    projector.kill();
    installation.log.submit(&submission_of(&event)).await;
    (installation, response.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finisher_is_not_announced_while_the_projector_lags_nor_afterwards() {
    let (installation, response) = finisher_unfolded().await;
    let abandonment = installation.abandonment(&[]).await;
    eventually("he waits for the projector, or is decided without it", async || {
        let is_waiting = abandonment.metric(BEHIND).await == 1.0;
        (is_waiting || !installation.decisions().await.is_empty()).then_some(())
    })
    .await;
    abandonment.sweeps(5).await;
    assert_eq!(installation.decisions().await, []);
    assert!(abandonment.metric("vendzz_abandonment_oldest_due_seconds").await >= 290.0);

    let _projector = installation.projector().await;
    let decided = eventually("he is decided", async || installation.decisions().await.pop()).await;
    assert_eq!((decided.response_id, decided.outcome.as_str()), (response, "finished"));
    abandonment.sweeps(3).await;
    assert_eq!(abandonment.metric(BEHIND).await, 0.0);
    assert_eq!(installation.log.abandonments().await, []);
}
