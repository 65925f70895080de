//! The consumer kernel against the real broker: `infra/local/stack up` first.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::{Offset, TopicPartitionList};
use support::{Collecting, Log, Member, POISON, Store, wait_until};
use vendzz_schemas::topics;

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_under_load_and_every_record_is_applied_once_in_order() {
    let log = Log::new("rebalance").await;
    let store = Store::default();
    let slowly =
        Collecting { apply_takes: Duration::from_millis(15), fails_every: 13, ..Collecting::into(&store) };
    let buffered = Collecting { buffered: true, ..slowly.clone() };
    let first = Member::start(&log, log.config("a"), slowly.clone());
    let appending = async {
        for round in 0..20 {
            log.append(round * 100, 100).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let coming_and_going = async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        let second = Member::start(&log, log.config("b"), buffered.clone());
        second.ready().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        first.stop().await;
        let third = Member::start(&log, log.config("a"), buffered.clone());
        tokio::time::sleep(Duration::from_secs(2)).await;
        second.stop().await;
        third
    };
    let ((), last) = tokio::join!(appending, coming_and_going);
    store.expect(&log, 0, 2_000).await;
    assert!(store.opened.load(Ordering::SeqCst) > 4, "no partition ever moved: the test shows nothing");
    last.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoke_in_the_middle_of_a_batch_waits_for_it() {
    let log = Log::new("revoke").await;
    let store = Store::default();
    let slow = Collecting { apply_takes: Duration::from_millis(1_500), ..Collecting::into(&store) };
    log.append(0, 200).await;
    let first = Member::start(&log, log.config("a"), slow.clone());
    wait_until("the first batch", || store.count() > 0).await;
    let second = Member::start(&log, log.config("b"), slow);
    store.expect(&log, 0, 200).await;
    assert_eq!(store.compare_and_set_lost.load(Ordering::SeqCst), 0, "an owner wrote after it had let go");
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_does_not_drain_in_time_is_dropped_and_harms_nothing() {
    let log = Log::new("drop").await;
    let store = Store::default();
    let stuck = Collecting { apply_takes: Duration::from_secs(60), ..Collecting::into(&store) };
    log.append(0, 100).await;
    let mut config = log.config("a");
    config.drain_deadline = Duration::from_millis(500);
    let first = Member::start(&log, config, stuck);
    first.ready().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.stop().await;
    assert_eq!(store.count(), 0);
    let second = Member::start(&log, log.config("a"), Collecting::into(&store));
    store.expect(&log, 0, 100).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_slower_than_the_poll_interval_keeps_its_partitions() {
    let log = Log::new("slow").await;
    let store = Store::default();
    let slow = Collecting { apply_takes: Duration::from_secs(9), ..Collecting::into(&store) };
    let mut config = log.config("a");
    config.session_timeout = Duration::from_secs(6);
    config.max_poll_interval = Duration::from_millis(6_500);
    config.batch_records = 100;
    log.append(0, 200).await;
    let member = Member::start(&log, config, slow);
    store.expect(&log, 0, 200).await;
    assert_eq!(store.opened.load(Ordering::SeqCst), 4, "a partition was taken away and opened again");
    member.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_set_aside_whole_and_its_neighbours_are_applied() {
    let log = Log::new("poison").await;
    let store = Store::default();
    log.append(0, 10).await;
    let offset = log.append_one(2, POISON).await;
    log.append(10, 10).await;
    let member = Member::start(&log, log.config("a"), Collecting::into(&store));
    store.expect(&log, 0, 20).await;
    member.stop().await;

    let reader: BaseConsumer = log.kafka.reader("test").create().unwrap();
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(&log.kafka.name(topics::DLQ_STATE), 0, Offset::Offset(0)).unwrap();
    reader.assign(&assignment).unwrap();
    let letter = reader.poll(Duration::from_secs(10)).expect("a dead letter").unwrap().detach();
    assert_eq!((letter.key(), letter.payload()), (Some(POISON), Some(POISON)));
    let headers: std::collections::BTreeMap<String, String> = letter
        .headers()
        .unwrap()
        .iter()
        .map(|header| (header.key.to_owned(), String::from_utf8_lossy(header.value.unwrap()).into_owned()))
        .collect();
    assert_eq!(headers["vendzz-reason"], "planted");
    assert_eq!(headers["vendzz-topic"], log.topic);
    assert_eq!(headers["vendzz-partition"], "2");
    assert_eq!(headers["vendzz-offset"], offset.to_string());
    assert_eq!(headers["trace"], "t", "the record's own headers");
    let second = reader.poll(Duration::from_secs(1));
    assert!(matches!(second, None | Some(Err(_))), "one poison record, one dead letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_again_behind_our_back_stops_the_partitions_and_says_so() {
    let log = Log::new("recreated").await;
    let store = Store::default();
    log.append(0, 50).await;
    let first = Member::start(&log, log.config("a"), Collecting::into(&store));
    store.expect(&log, 0, 50).await;
    first.stop().await;
    log.delete_topic().await;
    log.create_topic("first").await; // The same incarnation: nobody told us.
    log.append(1_000, 80).await;
    let second = Member::start(&log, log.config("a"), Collecting::into(&store));
    let stopped = || {
        second
            .health
            .readiness()
            .missing
            .get("partitions")
            .is_some_and(|reason| reason.contains("4 partition(s) stopped"))
    };
    wait_until("every partition to stop", stopped).await;
    assert!(second.health.readiness().missing["partitions"].contains("docs/runbooks/resume-point.md"));
    assert_eq!(store.count(), 200, "nothing was applied on top");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_cut_short_stops_the_partitions_and_a_new_incarnation_is_a_new_source() {
    let log = Log::new("truncated").await;
    let store = Store::default();
    log.append(0, 50).await;
    let first = Member::start(&log, log.config("a"), Collecting::into(&store));
    store.expect(&log, 0, 50).await;
    first.stop().await;
    log.delete_topic().await;
    log.create_topic("first").await;
    log.append(0, 20).await; // Shorter than what is covered.
    let second = Member::start(&log, log.config("a"), Collecting::into(&store));
    let stopped = || {
        second.health.readiness().missing.get("partitions").is_some_and(|reason| reason.contains("truncated"))
    };
    wait_until("the partitions to stop", stopped).await;
    second.stop().await;
    log.delete_topic().await;
    log.create_topic("second").await; // As `topics apply` does it.
    log.append(0, 20).await;
    let third = Member::start(&log, log.config("a"), Collecting::into(&store));
    wait_until("the rows of the new source", || store.count() == 4 * 70).await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_holds_back_reading_not_memory() {
    let log = Log::new("backpressure").await;
    let store = Store::default();
    let slow = Collecting { apply_takes: Duration::from_millis(40), ..Collecting::into(&store) };
    let mut config = log.config("a");
    config.batch_records = 20;
    let member = Member::start(&log, config, slow);
    log.append(0, 1_000).await;
    store.expect(&log, 0, 1_000).await;
    member.stop().await;
}
