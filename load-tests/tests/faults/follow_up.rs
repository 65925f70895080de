//! The death of fan-out and of the abandonment processor, at random moments and at every named point, and campaigns
//! that change meanwhile: the distinct messages on the channels' topics are exactly the expected ones.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rand::seq::IndexedRandom;
use serde_json::json;
use vendzz_load_tests::campaigns::{CampaignFile, Campaigns};
use vendzz_load_tests::cluster::{Instance, Server, Service};
use vendzz_load_tests::reckoning::ViewPromise;

use crate::follow_up_trial::{ABANDONMENT, FANOUT, FollowUpTrial};
use crate::personal_data;
use crate::trial::pause;

const ROUNDS: u32 = 50;
/// The broker is killed and started again in these.
const BROKER_ROUNDS: [u32; 3] = [12, 25, 38];

#[tokio::test(flavor = "multi_thread")]
async fn fan_out_and_abandonment_killed_at_random_and_the_broker_between_them() {
    let mut trial = FollowUpTrial::begin().await;
    // Ended after the last kill, however long a slow machine takes for them.
    let traffic = trial.start_traffic(Duration::from_secs(600), 31);
    for round in 1..=ROUNDS {
        pause(Duration::from_millis(200), Duration::from_millis(1_800)).await;
        for instance in [FANOUT, ABANDONMENT] {
            trial.trial.cluster.kill(instance).unwrap();
            // Not waited for: some are killed before they are ready.
            trial.trial.cluster.spawn(instance, &[]).unwrap();
        }
        if BROKER_ROUNDS.contains(&round) {
            trial.trial.servers.kill(Server::Kafka).await.unwrap();
            // Its port is free only once the kernel has done away with it.
            pause(Duration::from_secs(1), Duration::from_secs(2)).await;
            trial.trial.servers.start(Server::Kafka).await.unwrap();
        }
    }
    println!("{ROUNDS} kills of each, the broker restarted {} times", BROKER_ROUNDS.len());
    assert!(traffic.is_running(), "the traffic ended before the kills");
    traffic.end();
    // A broker's death may double or lose views and beacons on their way in.
    let reckoning = trial.expect_agreement(traffic, ViewPromise::BestEffort).await;
    let copies: u64 = reckoning.quizzes.values().map(|quiz| quiz.copies).sum();
    assert!(copies > 0, "no kill met a batch that was sent and not committed: the trial says little");
}

#[tokio::test(flavor = "multi_thread")]
async fn fan_out_and_abandonment_that_die_at_a_named_point() {
    let points = [
        (FANOUT, "fanout.before_send:3"),
        (ABANDONMENT, "abandonment.before_decision:1"),
        (FANOUT, "fanout.mid_send:5"),
        (ABANDONMENT, "abandonment.after_decision:1"),
        (FANOUT, "fanout.before_commit:4"),
        (ABANDONMENT, "abandonment.before_publish:1"),
        (FANOUT, "fanout.after_batch:4"),
        (ABANDONMENT, "abandonment.after_publish:1"),
    ];
    let mut trial = FollowUpTrial::begin().await;
    let traffic = trial.start_traffic(Duration::from_secs(75), 32);
    for (instance, point) in points {
        let cluster = &mut trial.trial.cluster;
        cluster.kill(instance).unwrap();
        cluster.spawn(instance, &[("VENDZZ_CRASH_AT", point)]).unwrap();
        let status = cluster.wait_for_exit(instance, Duration::from_secs(40)).await.unwrap();
        assert_eq!(status.signal(), Some(6), "{point} was not where it died: {status}");
        assert!(traffic.is_running(), "the traffic ended before {point}: the trial says nothing of it");
        cluster.start_instance(instance, &[]).await.unwrap();
    }
    trial.expect_agreement(traffic, ViewPromise::Exact).await;
}

/// Each submission is matched with the version in force at its append, whichever of two fan-outs makes its messages
/// and however often. Afterwards nothing personal stands in any log line or dead letter's detail.
#[tokio::test(flavor = "multi_thread")]
async fn campaigns_change_under_traffic_while_two_fan_outs_are_killed_and_no_log_tells_of_anybody() {
    let mut trial = FollowUpTrial::begin().await;
    let second = Instance::numbered(Service::Fanout, 2);
    trial.trial.cluster.start_instance(second, &[]).await.unwrap();
    let traffic = trial.start_traffic(Duration::from_secs(45), 33);
    let changing: Vec<CampaignFile> =
        trial.campaigns.iter().filter(|campaign| campaign.document["state"] == "active").cloned().collect();
    let mut changes = 0;
    while traffic.is_running() {
        pause(Duration::from_millis(200), Duration::from_millis(1_200)).await;
        let campaign = changing.choose(&mut rand::rng()).unwrap();
        change(&trial, campaign, changes).await;
        changes += 1;
        match rand::random_range(0..6) {
            0 | 1 => restart(&mut trial, FANOUT),
            2 | 3 => restart(&mut trial, second),
            // It leaves the group in order and comes back: a rebalance each time.
            4 => {
                trial.trial.cluster.stop(second).await.unwrap();
                trial.trial.cluster.spawn(second, &[]).unwrap();
            }
            _ => {}
        }
    }
    println!("{changes} versions of campaigns under traffic");
    assert!(changes >= 20, "only {changes} changes: the trial says little");
    let reckoning = trial.expect_agreement(traffic, ViewPromise::Exact).await;
    let copies: u64 = reckoning.quizzes.values().map(|quiz| quiz.copies).sum();
    assert!(copies > 0, "nothing was made twice: the trial says nothing of a redo");
    personal_data::expect_none_in_logs(&trial).await;
}

fn restart(trial: &mut FollowUpTrial, instance: Instance) {
    trial.trial.cluster.kill(instance).unwrap();
    trial.trial.cluster.spawn(instance, &[]).unwrap();
}

/// Another wording, a pause, or back to activity.
async fn change(trial: &FollowUpTrial, campaign: &CampaignFile, number: u32) {
    let mut document = campaign.document.clone();
    match rand::random_range(0..3) {
        0 => document["state"] = json!("paused"),
        1 => document["frequencyCap"] = json!({ "messages": 1 + number % 90, "hours": 24 }),
        _ => {
            for step in document["steps"].as_array_mut().unwrap() {
                if let Some(text) = step["template"]["text"].as_str() {
                    step["template"]["text"] = json!(format!("{text} ({number})"));
                }
            }
        }
    }
    let version = CampaignFile { id: campaign.id.clone(), document };
    Campaigns::new(trial.trial.cluster.installation()).publish(&version).await.unwrap();
}
