//! The death of the edge, and a broker that no longer answers it.

use std::time::{Duration, Instant};

use vendzz_load_tests::cluster::{Instance, Server, Service};
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

/// Longer than `message.timeout.ms` (8 s): what was waiting when the broker froze is given up.
const FROZEN: Duration = Duration::from_secs(14);
/// What the edge may grow by while it can pass nothing on; its queues hold far less here.
const GROWTH_KIB: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_fills_the_queue_and_the_edge_refuses_at_once_instead_of_hoarding() {
    let mut trial = Trial::begin().await;
    let edge = Instance::first(Service::Edge);
    let env =
        [("VENDZZ_SUBMISSION_QUEUE", "100"), ("VENDZZ_VIEW_QUEUE", "100"), ("VENDZZ_EPOCH_MAX_AGE", "6s")];
    trial.cluster.restart(edge, &env).await.unwrap();
    trial.note_baseline().await;
    let traffic = trial.start_traffic(Duration::from_secs(30), 9);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let pid = trial.cluster.pid(edge).unwrap();
    let before = resident_kib(pid);
    trial.servers.freeze(Server::Kafka).unwrap();
    tokio::time::sleep(FROZEN / 2).await;
    expect_prompt_refusal(&trial).await;
    tokio::time::sleep(FROZEN / 2).await;
    let grown = resident_kib(pid).saturating_sub(before);
    let (_, private) = trial.cluster.addresses(edge).unwrap();
    let readiness = reqwest::get(format!("http://{private}/readyz")).await.unwrap().text().await.unwrap();
    trial.servers.thaw(Server::Kafka).unwrap();
    // Serving goes on; what it knows of the epochs is older than V, so that it must not write either.
    assert!(readiness.contains("\"degraded\""), "{readiness}");
    assert!(grown < GROWTH_KIB, "the edge has grown by {grown} KiB");

    let metrics = reqwest::get(format!("http://{private}/metrics")).await.unwrap().text().await.unwrap();
    for producer in ["submissions", "views"] {
        let full = format!("vendzz_producer_errors_total{{producer=\"{producer}\",reason=\"queue_full\"}}");
        assert!(metrics.contains(&full), "{producer} never met a full queue:\n{metrics}");
    }
    while traffic.is_running() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // A member that joined again while the broker was frozen may be fenced by its own earlier try; its process ends,
    // and is started again as an orchestrator would.
    for projector in [Service::State, Service::Analytics].map(Instance::first) {
        if !trial.cluster.is_running(projector) {
            println!("{projector} has ended and is started again");
            trial.cluster.start_instance(projector, &[]).await.unwrap();
        }
    }
    // The edge lives: each view that it answered and that is missing must be counted by it.
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
}

/// With the queue full, or the epochs too old, nobody waits for a timeout.
async fn expect_prompt_refusal(trial: &Trial) {
    let edge = trial.cluster.installation().edge;
    let url = format!("http://{edge}/api/quiz/{}/submit", trial.quizzes[0].id);
    let asked = Instant::now();
    let request = reqwest::Client::new().post(url).header("content-type", "application/json");
    let answer = request.body(r#"{"answers":{}}"#).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(asked.elapsed() < Duration::from_secs(1), "answered after {:?}", asked.elapsed());
}

/// Memory of a process in KiB: `VmRSS` of proc(5).
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
