//! A projector that is frozen for longer than its session, and comes back after another took over.

use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::{Trial, pause};

/// The services' default; a member silent for so long loses its partitions.
const SESSION: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_that_wakes_after_its_session_does_no_harm() {
    let mut trial = Trial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(50), 3);
    let (mut owners, mut others) = ([1, 1], [2, 2]);
    let services = [Service::State, Service::Analytics];
    let mut rounds = 0;
    while traffic.is_running() {
        pause(Duration::from_secs(1), Duration::from_secs(3)).await;
        for (service, owner) in services.into_iter().zip(owners) {
            trial.cluster.freeze(Instance::numbered(service, owner)).unwrap();
        }
        for (service, other) in services.into_iter().zip(others) {
            let heir = Instance::numbered(service, other);
            if !trial.cluster.is_running(heir) {
                trial.cluster.spawn(heir, &[]).unwrap();
            }
        }
        tokio::time::sleep(SESSION + Duration::from_secs(4)).await;
        // Otherwise nobody would be a zombie.
        for (service, other) in services.into_iter().zip(others) {
            let heir = Instance::numbered(service, other);
            assert!(records_applied(&trial, heir).await > 0.0, "{heir} has taken nothing over");
        }
        for (service, owner) in services.into_iter().zip(owners) {
            trial.cluster.thaw(Instance::numbered(service, owner)).unwrap();
        }
        std::mem::swap(&mut owners, &mut others);
        rounds += 1;
    }
    assert!(rounds >= 3, "only {rounds} rounds");
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
}

/// What the instance has applied since its start, by its own metrics.
async fn records_applied(trial: &Trial, instance: Instance) -> f64 {
    let (_, private) = trial.cluster.addresses(instance).unwrap();
    let metrics = reqwest::get(format!("http://{private}/metrics")).await.unwrap().text().await.unwrap();
    let lines = metrics.lines().filter(|line| line.starts_with("vendzz_consumer_records_total{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
