//! Faults in the workers of the channels.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use vendzz_load_tests::cluster::{Instance, Service};
use vendzz_load_tests::providers::{FaultRule, Faults, ReportFaults};
use vendzz_load_tests::reckoning::disagreement_lines_of;
use vendzz_load_tests::sending::SendingReckoning;

use crate::sending_trial::SendingTrial;

const LENGTH: Duration = Duration::from_secs(20);

/// A trial whose workers all have the fault.
async fn begin(plant: &str, faults: Faults) -> SendingTrial {
    let mut trial = SendingTrial::begin(faults).await;
    for worker in Service::SENDERS.map(Instance::first) {
        trial.cluster().restart(worker, &[("VENDZZ_PLANT", plant)]).await.unwrap();
    }
    trial
}

fn for_everybody(rule: FaultRule) -> Faults {
    Faults { rules: BTreeMap::from([("*".to_owned(), rule)]), ..Faults::default() }
}

fn expect_found(reckoning: &SendingReckoning, what: &str) {
    let found = disagreement_lines_of(&reckoning.disagreements);
    println!("found: {found:#?}");
    assert!(found.iter().any(|line| line.contains(what)), "the reckoning does not find: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_sent_again_after_its_call_was_cut_is_found() {
    let faults = Faults {
        // Told after the second call: a message that is reported is not sent again.
        reports: ReportFaults { delay_ms: [1_500, 2_500], ..ReportFaults::default() },
        ..for_everybody(FaultRule { share_cut_after: 0.05, ..FaultRule::default() })
    };
    let trial = begin("repeat_unknown", faults).await;
    let traffic = trial.follow_up.start_traffic(LENGTH, 51);
    let reckoning = trial.reckon(traffic).await;
    expect_found(&reckoning, "accepted more than once");
}

/// Nothing else finds it: what is unknown agrees with any journal.
#[tokio::test(flavor = "multi_thread")]
async fn messages_given_up_as_unknown_although_they_were_not_taken_are_too_many() {
    let rule = FaultRule { share_429: 0.05, retry_after_seconds: Some(1), ..FaultRule::default() };
    let trial = begin("unknown_for_everything", for_everybody(rule)).await;
    let traffic = trial.follow_up.start_traffic(LENGTH, 52);
    let reckoning = trial.expect_agreement(traffic).await;
    let unexplained = trial.unexplained_unknown(&reckoning, 0).await;
    println!("found: {unexplained:#?}");
    assert!(!unexplained.is_empty(), "the bound on what is unknown holds although nothing was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_marked_before_the_log_has_it_is_missed_after_a_death() {
    let mut trial = SendingTrial::begin(Faults::default()).await;
    let worker = Instance::first(Service::SendSms);
    let traffic = trial.follow_up.start_traffic(LENGTH, 53);
    let env = [("VENDZZ_PLANT", "publish_marks_before_ack"), ("VENDZZ_CRASH_AT", "sender.before_publish:2")];
    trial.cluster().kill(worker).unwrap();
    trial.cluster().spawn(worker, &env).unwrap();
    let status = trial.cluster().wait_for_exit(worker, Duration::from_secs(60)).await.unwrap();
    assert_eq!(status.signal(), Some(6), "it did not die where it was told to: {status}");
    trial.cluster().start_instance(worker, &[]).await.unwrap();
    let reckoning = trial.reckon(traffic).await;
    expect_found(&reckoning, "messages whose events on the log are not 1 to the ledger's number");
}
