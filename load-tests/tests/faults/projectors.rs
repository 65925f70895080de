//! The death of a projector, at random moments and at every named point.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::{Trial, pause};

const STATE: Instance = Instance::first(Service::State);
const ANALYTICS: Instance = Instance::first(Service::Analytics);

#[tokio::test(flavor = "multi_thread")]
async fn projectors_killed_at_random_lose_nothing_and_count_nothing_twice() {
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(45), 1);
    let mut kills = 0;
    while traffic.is_running() {
        for projector in [STATE, ANALYTICS] {
            pause(Duration::from_millis(100), Duration::from_millis(2_500)).await;
            trial.cluster.restart(projector, &[]).await.unwrap();
            kills += 1;
        }
    }
    println!("{kills} kills");
    assert!(kills >= 10, "only {kills} kills: the trial says little");
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projectors_that_die_at_a_named_point_lose_nothing_and_count_nothing_twice() {
    let points = [
        (STATE, "state.before_rows:4"),
        (ANALYTICS, "analytics.mid_rows:3"),
        (STATE, "state.rows_before_resume_point:3"),
        (ANALYTICS, "analytics.after_rows:3"),
        (STATE, "state.before_commit:5"),
        (ANALYTICS, "analytics.after_resume_point:3"),
        (STATE, "state.after_commit:4"),
    ];
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(50), 2);
    for (projector, point) in points {
        trial.cluster.kill(projector).unwrap();
        trial.cluster.spawn(projector, &[("VENDZZ_CRASH_AT", point)]).unwrap();
        let status = trial.cluster.wait_for_exit(projector, Duration::from_secs(40)).await.unwrap();
        assert_eq!(status.signal(), Some(6), "{point} was not where it died: {status}");
        assert!(traffic.is_running(), "the traffic ended before {point}: the trial says nothing of it");
        trial.cluster.start_instance(projector, &[]).await.unwrap();
    }
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
}
