//! The death, pause and restart of fan-out and of the channels' workers while providers misbehave: no provider ever
//! accepts a message twice, and what became of every message is known, or known to be unknown.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rand::seq::IndexedRandom;
use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::providers::{FaultRule, Faults, ReportFaults};
use vendzz_load_tests::sending::SendingReckoning;

use crate::follow_up_trial::FANOUT;
use crate::personal_data;
use crate::sending_trial::SendingTrial;
use crate::trial::pause;

const ROUNDS: u32 = 100;
/// Longer than the lease of a cluster's workers.
const BEYOND_THE_LEASE: Duration = Duration::from_secs(7);

/// Slow, at its limit, failing, cutting connections before and after accepting; reports late, twice and out of order.
fn misbehaving() -> Faults {
    let rule = FaultRule {
        latency_ms: [2, 60],
        share_429: 0.03,
        retry_after_seconds: Some(1),
        share_500: 0.01,
        share_refused: 0.01,
        share_cut_before: 0.01,
        share_cut_after: 0.02,
        ..FaultRule::default()
    };
    Faults {
        rules: BTreeMap::from([("*".to_owned(), rule)]),
        reports: ReportFaults {
            delay_ms: [20, 1_500],
            share_twice: 0.1,
            share_out_of_order: 0.1,
            ..ReportFaults::default()
        },
        ..Faults::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_frozen_and_rebalanced_never_have_a_message_accepted_twice() {
    let mut trial = SendingTrial::begin(misbehaving()).await;
    let workers = trial.double_the_workers().await;
    let traffic = trial.follow_up.start_traffic(Duration::from_secs(900), 41);
    let mut frozen: Vec<(tokio::time::Instant, Instance)> = Vec::new();
    let (mut kills, mut freezes, mut leaves, mut in_flight) = (0, 0, 0, 0);
    for _ in 0..ROUNDS {
        pause(Duration::from_millis(100), Duration::from_millis(900)).await;
        thaw_those_due(&mut trial, &mut frozen);
        let worker = *workers.choose(&mut rand::rng()).unwrap();
        let is_frozen = frozen.iter().any(|(_, instance)| *instance == worker);
        match rand::random_range(0..10) {
            0 => restart(&mut trial, FANOUT),
            1 if !is_frozen => {
                trial.cluster().freeze(worker).unwrap();
                in_flight += trial.being_sent(worker.service()).await;
                frozen.push((tokio::time::Instant::now() + BEYOND_THE_LEASE, worker));
                freezes += 1;
            }
            // It leaves the group in order and comes back: a rebalance each time.
            2 if !is_frozen => {
                trial.cluster().stop(worker).await.unwrap();
                trial.cluster().spawn(worker, &[]).unwrap();
                leaves += 1;
            }
            _ => {
                frozen.retain(|(_, instance)| *instance != worker);
                trial.cluster().kill(worker).unwrap();
                in_flight += trial.being_sent(worker.service()).await;
                trial.cluster().spawn(worker, &[]).unwrap();
                kills += 1;
            }
        }
    }
    for (_, instance) in frozen.drain(..) {
        trial.cluster().thaw(instance).unwrap();
    }
    assert!(traffic.is_running(), "the traffic ended before the kills");
    traffic.end();
    println!("{ROUNDS} rounds: {kills} kills, {freezes} freezes beyond the lease, {leaves} orderly leaves");
    let reckoning = trial.expect_agreement(traffic).await;
    expect_few_unknown(&trial, &reckoning, in_flight).await;
    personal_data::expect_none_in_logs(&trial.follow_up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_at_a_named_point_loses_nothing_and_repeats_nothing() {
    let points = [
        ("intake.before_rows:2", Service::SendSms),
        ("intake.rows_before_resume_point:2", Service::SendEmail),
        ("intake.before_commit:2", Service::SendWhatsapp),
        ("intake.after_commit:2", Service::SendVoice),
        ("sender.after_lease:3", Service::SendSms),
        ("sender.before_sending_commit:3", Service::SendEmail),
        ("sender.after_sending:3", Service::SendWhatsapp),
        ("sender.after_sending:3", Service::SendSms),
        ("sender.after_answer:5", Service::SendEmail),
        ("sender.after_answer:2", Service::SendVoice),
        ("sender.before_outcome_commit:3", Service::SendSms),
        ("sender.before_publish:2", Service::SendWhatsapp),
        ("sender.after_publish:2", Service::SendEmail),
    ];
    let mut trial = SendingTrial::begin(Faults::default()).await;
    let traffic = trial.follow_up.start_traffic(Duration::from_secs(900), 42);
    let mut in_flight = 0;
    for (point, service) in points {
        let instance = Instance::first(service);
        trial.cluster().kill(instance).unwrap();
        in_flight += trial.being_sent(service).await;
        trial.cluster().spawn(instance, &[("VENDZZ_CRASH_AT", point)]).unwrap();
        let status = trial.cluster().wait_for_exit(instance, Duration::from_secs(60)).await.unwrap();
        assert_eq!(status.signal(), Some(6), "{point} was not where it died: {status}");
        in_flight += trial.being_sent(service).await;
        trial.cluster().start_instance(instance, &[]).await.unwrap();
    }
    assert!(traffic.is_running(), "the traffic ended before the last point");
    traffic.end();
    let reckoning = trial.expect_agreement(traffic).await;
    expect_few_unknown(&trial, &reckoning, in_flight).await;
}

async fn expect_few_unknown(trial: &SendingTrial, reckoning: &SendingReckoning, in_flight: u64) {
    let unexplained = trial.unexplained_unknown(reckoning, in_flight).await;
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}

fn thaw_those_due(trial: &mut SendingTrial, frozen: &mut Vec<(tokio::time::Instant, Instance)>) {
    let now = tokio::time::Instant::now();
    for (_, instance) in frozen.extract_if(.., |(until, _)| *until <= now) {
        trial.cluster().thaw(instance).unwrap();
    }
}

fn restart(trial: &mut SendingTrial, instance: Instance) {
    trial.cluster().kill(instance).unwrap();
    // Not waited for: some are killed before they are ready.
    trial.cluster().spawn(instance, &[]).unwrap();
}
