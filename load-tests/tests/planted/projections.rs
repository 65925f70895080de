//! Faults in a projector.

use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::trial::Trial;

const LENGTH: Duration = Duration::from_secs(15);

/// Runs a projector with a planted fault, and perhaps a death at a point, and returns what does not agree.
async fn disagreements(service: Service, plant: &str, crash_at: Option<&str>) -> Vec<String> {
    let mut trial = Trial::begin().await;
    let projector = Instance::first(service);
    trial.cluster.kill(projector).unwrap();
    let traffic = trial.start_traffic(LENGTH, 20);
    let mut env = vec![("VENDZZ_PLANT", plant)];
    if let Some(point) = crash_at {
        env.push(("VENDZZ_CRASH_AT", point));
        trial.cluster.spawn(projector, &env).unwrap();
        trial.cluster.wait_for_exit(projector, Duration::from_secs(30)).await.unwrap();
        env.pop();
    }
    trial.cluster.start_instance(projector, &env).await.unwrap();
    let found = trial.reckon(traffic, ViewPromise::Exact).await;
    println!("found: {found:#?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_point_written_before_its_rows_is_found_in_postgresql() {
    let found = disagreements(Service::State, "resume_point_before_rows", Some("state.before_rows:4")).await;
    assert!(!found.is_empty(), "the reckoning agrees although rows were lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_point_written_before_its_rows_is_found_in_the_cql_store() {
    let found =
        disagreements(Service::Analytics, "resume_point_before_rows", Some("analytics.before_rows:4")).await;
    assert!(!found.is_empty(), "the reckoning agrees although rows were lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn resends_counted_twice_are_found() {
    let found = disagreements(Service::Analytics, "no_dedupe", None).await;
    assert!(!found.is_empty(), "the reckoning agrees although resends were counted");
}
