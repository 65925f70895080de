use crate::harness::{Installation, Proxy, beacon, eventually, minutes_ago, response_id};

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_is_away_nothing_is_announced_and_then_everything_once() {
    let installation = Installation::new().await;
    let _projector = installation.projector().await;
    let url = installation.postgres_url();
    let proxy = Proxy::start(&url).await;
    // Away already when the process starts.
    proxy.shut();
    let mut abandonment = installation.spawn_abandonment(&[("VENDZZ_POSTGRES_URL", &proxy.url(&url))]);
    abandonment.wait_for("a pause", |readiness| readiness["status"] == "unready").await;
    proxy.open();
    abandonment.wait_until_ready().await;

    proxy.shut();
    abandonment.wait_for("a pause", |readiness| readiness["status"] == "unready").await;
    let response = response_id();
    installation.log.progress(&beacon(response, 1, minutes_ago(10))).await;
    eventually("the beacon is folded", async || (installation.partial_responses().await == 1).then_some(()))
        .await;
    assert!(abandonment.is_running(), "it waits");
    assert_eq!(installation.decisions().await, []);

    proxy.open();
    eventually("he is announced", async || {
        let decisions = installation.decisions().await;
        decisions.first().is_some_and(|decision| decision.is_published).then_some(())
    })
    .await;
    abandonment.wait_until_ready().await;
    abandonment.sweeps(3).await;
    let records = installation.log.abandonments().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].event.response_id, response.to_string());
}
