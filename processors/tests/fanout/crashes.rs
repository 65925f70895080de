use std::collections::BTreeSet;
use std::time::Duration;

use super::following_up::{id_of, in_force};
use super::log::Log;
use super::process::Fanout;
use super::samples::{QUIZ, campaign, quiz, submission};

const A_ROUND: u32 = 60;
/// Small batches, so that a round is several.
const SMALL: (&str, &str) = ("VENDZZ_BATCH_RECORDS", "10");

async fn prepared() -> (Log, i64) {
    let log = Log::new().await;
    let version = log.publish_quiz(QUIZ, &quiz()).await;
    log.put_campaign("carta", &campaign("email", "completed", "Oi")).await;
    in_force(log.put_campaign("torpedo", &campaign("sms", "all", "Oi")).await).await;
    (log, version)
}

async fn submit_round(log: &Log, version: i64, round: u32) {
    for number in round * A_ROUND..(round + 1) * A_ROUND {
        log.submit(&submission(number, version)).await;
    }
}

/// Of all rounds so far.
fn expected(rounds: u32) -> BTreeSet<String> {
    let of_one =
        |number| [id_of("carta", "email", "completed", number), id_of("torpedo", "sms", "completed", number)];
    (0..rounds * A_ROUND).flat_map(of_one).collect()
}

async fn expect_all(log: &Log, rounds: u32) {
    let expected = expected(rounds);
    let found: BTreeSet<String> = log.wait_for_messages(expected.len()).await.into_keys().collect();
    assert!(
        found == expected,
        "{} of {} messages are the expected ones",
        found.intersection(&expected).count(),
        expected.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_named_point_loses_and_invents_nothing() {
    let (log, version) = prepared().await;
    let points =
        ["fanout.before_send:2", "fanout.mid_send:25", "fanout.before_commit:2", "fanout.after_batch:2"];
    let mut rounds = 0;
    for point in points {
        submit_round(&log, version, rounds).await;
        rounds += 1;
        let mut crashing = Fanout::spawn(&log, &[SMALL, ("VENDZZ_CRASH_AT", point)]);
        let ended = crashing.ended().await;
        assert!(ended.code().is_none(), "{point} was not reached: {ended:?}\n{}", crashing.log());
        // The next one crashes elsewhere, and the last one lives.
        let mut living = Fanout::start(&log, &[SMALL]).await;
        expect_all(&log, rounds).await;
        living.kill();
    }
    let made = log.messages().await.len();
    assert!(made > expected(rounds).len(), "nothing was made twice: no crash hit where it hurts");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_die_and_go_and_what_was_committed_is_not_made_again() {
    let (log, version) = prepared().await;
    let mut first = Fanout::start(&log, &[SMALL]).await;
    submit_round(&log, version, 0).await;
    let second = Fanout::start(&log, &[SMALL]).await;
    submit_round(&log, version, 1).await;
    expect_all(&log, 2).await;
    let held = "vendzz_consumer_partitions{group=\"process.fanout\",state=\"running\"}";
    second.wait_for_metric(held, 2.0).await;
    first.kill();
    submit_round(&log, version, 2).await;
    expect_all(&log, 3).await;
    second.wait_for_metric("vendzz_fanout_messages_total{channel=\"sms\"}", 1.0).await;
    second.stop().await;
    // A drain commits all: the next owner makes nothing again.
    let made = log.messages().await.len();
    let third = Fanout::start(&log, &[SMALL]).await;
    submit_round(&log, version, 3).await;
    expect_all(&log, 4).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(log.messages().await.len(), made + 2 * A_ROUND as usize);
    third.stop().await;
}
