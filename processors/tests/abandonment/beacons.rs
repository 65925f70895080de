//! Beacons that come when somebody is due already.

use crate::harness::{Installation, beacon, eventually, minutes_ago, now_ms, response_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_that_stands_in_the_log_puts_the_decision_off_although_it_is_folded_late() {
    let installation = Installation::new().await;
    let mut projector = installation.projector().await;
    let response = response_id();
    installation.log.progress(&beacon(response, 1, minutes_ago(10))).await;
    eventually("the beacon is folded", async || (installation.partial_responses().await == 1).then_some(()))
        .await;
    projector.kill();
    let came_back_at = now_ms();
    installation.log.progress(&beacon(response, 2, came_back_at)).await;

    let abandonment = installation.abandonment(&[("VENDZZ_ABANDON_AFTER", "9m")]).await;
    eventually("it waits for the projector", async || {
        (abandonment.metric("vendzz_abandonment_behind_projector").await == 1.0).then_some(())
    })
    .await;
    let _projector = installation.projector().await;
    eventually("the beacon is taken in", async || {
        let sql = "SELECT (extract(epoch FROM last_seen_at) * 1000)::bigint FROM abandonment_v1.waiting";
        (installation.value::<i64>(sql).await == came_back_at).then_some(())
    })
    .await;
    abandonment.sweeps(3).await;
    assert_eq!(installation.decisions().await, []);
    assert_eq!(installation.log.abandonments().await, []);
    assert_eq!(abandonment.metric("vendzz_abandonment_behind_projector").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_after_the_decision_changes_nothing() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let response = response_id();
    installation.log.progress(&beacon(response, 1, minutes_ago(10))).await;
    let abandonment = installation.abandonment(&[]).await;
    let announced = eventually("he is announced", async || {
        let records = installation.log.abandonments().await;
        (!records.is_empty()).then_some(records)
    })
    .await;
    // Of before, so that it would be due at once, and of now.
    installation.log.progress(&beacon(response, 2, minutes_ago(9))).await;
    installation.log.progress(&beacon(response, 3, now_ms())).await;
    eventually("the beacons are folded and taken in", async || {
        let sql = "SELECT count(*) FROM state_v1.partial_responses AS partial
            JOIN abandonment_v1.intake ON incarnation = source_incarnation AND partition = source_partition
            WHERE sequence = 3 AND through >= source_offset";
        (installation.value::<i64>(sql).await == 1).then_some(())
    })
    .await;
    abandonment.sweeps(3).await;
    assert_eq!(installation.log.abandonments().await, announced);
    assert_eq!(installation.decisions().await.len(), 1);
    assert_eq!(installation.value::<i64>("SELECT count(*) FROM abandonment_v1.waiting").await, 0);
}
