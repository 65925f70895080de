//! The death of the edge.

use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::{Trial, pause};

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_killed_at_random_has_lost_no_submission_that_it_accepted() {
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(30), 4);
    let edge = Instance::first(Service::Edge);
    let mut kills = 0;
    while traffic.is_running() && kills < 8 {
        pause(Duration::from_millis(500), Duration::from_millis(3_000)).await;
        trial.cluster.restart(edge, &[]).await.unwrap();
        kills += 1;
    }
    assert!(kills >= 4, "only {kills} kills");
    trial.expect_agreement(traffic, ViewPromise::BestEffort).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_told_to_stop_drains_in_time_and_loses_no_submission() {
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(15), 5);
    let edge = Instance::first(Service::Edge);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let status = trial.cluster.stop(edge).await.unwrap();
    assert!(status.success(), "the drain ended with {status}: {}", trial.cluster.log_of(edge).unwrap());
    trial.cluster.start_instance(edge, &[]).await.unwrap();

    trial.expect_agreement(traffic, ViewPromise::BestEffort).await;
}
