//! Groups whose resume points are Kafka's committed offsets, against the real broker.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use support::{Log, Member, PARTITIONS, wait_until};
use vendzz_runtime::kernel::{
    Applied, Batch, CommittedOffsets, Fold, FoldError, GroupPosition, KernelConfig, OpenError, Opened,
    Projection, Record, Source,
};

const GROUP: &str = "project.state";

/// Keeps nothing but a list of what it was given.
#[derive(Clone)]
struct Listing {
    offsets: CommittedOffsets,
    given: Arc<Mutex<BTreeMap<i32, Vec<i64>>>>,
    opened: Arc<AtomicU64>,
    apply_takes: Duration,
}

impl Listing {
    fn of(log: &Log) -> Self {
        Self {
            offsets: CommittedOffsets::new(&log.kafka, GROUP).unwrap(),
            given: Arc::default(),
            opened: Arc::default(),
            apply_takes: Duration::ZERO,
        }
    }

    fn count(&self) -> usize {
        self.given.lock().unwrap().values().map(Vec::len).sum()
    }

    /// Every offset of every partition once, in order.
    async fn expect(&self, records: i64) {
        let all = records * i64::from(PARTITIONS);
        wait_until("every record", || self.count() as i64 >= all).await;
        let given = self.given.lock().unwrap();
        for partition in 0..PARTITIONS {
            let repeated: Vec<_> =
                given[&partition].windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
            assert!(repeated.is_empty(), "partition {partition}: not one after the other: {repeated:?}");
            assert!(given[&partition].iter().copied().eq(0..records), "partition {partition} lacks records");
        }
    }
}

impl Projection for Listing {
    type Fold = ListingFold;

    async fn open(&self, source: &Source) -> Result<Opened<ListingFold>, OpenError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let resume = self.offsets.position(source).await?.resume_point();
        let fold = ListingFold { listing: self.clone(), partition: source.partition };
        Ok(Opened { fold, resume, read_back: None })
    }
}

struct ListingFold {
    listing: Listing,
    partition: i32,
}

impl Fold for ListingFold {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        tokio::time::sleep(self.listing.apply_takes).await;
        let mut given = self.listing.given.lock().unwrap();
        given.entry(self.partition).or_default().extend(batch.records().map(|record| record.offset));
        Ok(Applied::Durable)
    }
}

/// A member that leaves the group when it ends.
fn leaving(log: &Log) -> KernelConfig {
    KernelConfig { instance: None, ..log.config("") }
}

fn stopped(member: &Member) -> Option<String> {
    member.health.readiness().missing.get("partitions").filter(|why| why.contains("stopped")).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_member_leaves_nothing_to_be_read_again() {
    let log = Log::new("committed-drain").await;
    let listing = Listing::of(&log);
    for round in 0..3 {
        let member = Member::start(&log, leaving(&log), listing.clone());
        log.append(round * 100, 100).await;
        wait_until("this round's records", || listing.count() as i64 >= (round + 1) * 400).await;
        member.stop().await;
    }
    listing.expect(300).await;
    assert_eq!(
        listing.opened.load(Ordering::SeqCst),
        12,
        "a partition was opened more often than members came"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_began_in_an_empty_partition_has_begun() {
    let log = Log::new("committed-begun").await;
    let listing = Listing::of(&log);
    let source = Source { topic: log.topic.clone(), incarnation: "first".to_owned(), partition: 1 };
    // The broker may not lead a new partition yet: that is an answer too, and not the one asked for.
    let asked_again = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match listing.offsets.is_empty(&source).await {
                Err(OpenError::Retry(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                answer => return answer.unwrap(),
            }
        }
    });
    assert!(asked_again.await.expect("Kafka cannot be asked"));
    let member = Member::start(&log, leaving(&log), listing.clone());
    member.ready().await;
    member.stop().await;
    assert_eq!(listing.offsets.position(&source).await.unwrap(), GroupPosition::Begun);
    log.append(0, 10).await;
    assert!(!listing.offsets.is_empty(&source).await.unwrap());
    let member = Member::start(&log, leaving(&log), listing.clone());
    listing.expect(10).await;
    member.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebalance_hands_over_reading_nothing_again() {
    let log = Log::new("committed-rebalance").await;
    let listing = Listing { apply_takes: Duration::from_millis(5), ..Listing::of(&log) };
    let first = Member::start(&log, leaving(&log), listing.clone());
    first.ready().await;
    let appending = async {
        for round in 0..12 {
            log.append(round * 100, 100).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let second = async {
        wait_until("some records", || listing.count() > 400).await;
        let second = Member::start(&log, leaving(&log), listing.clone());
        second.ready().await;
        second
    };
    let ((), second) = tokio::join!(appending, second);
    first.stop().await;
    listing.expect(1_200).await;
    assert!(listing.opened.load(Ordering::SeqCst) >= 8, "no partition ever moved: the test shows nothing");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_that_somebody_else_committed_stops_the_partitions_and_names_the_runbook() {
    let log = Log::new("committed-foreign").await;
    log.append(0, 50).await;
    let consumer: BaseConsumer =
        log.kafka.reader("test").set("group.id", log.kafka.name(GROUP)).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        offsets.add_partition_offset(&log.topic, partition, Offset::Offset(20)).unwrap();
    }
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
    drop(consumer);
    let listing = Listing::of(&log);
    let member = Member::start(&log, leaving(&log), listing.clone());
    wait_until("every partition to stop", || {
        stopped(&member).is_some_and(|why| why.contains("4 partition(s) stopped"))
    })
    .await;
    let why = stopped(&member).unwrap();
    assert!(
        why.contains("no resume point of ours") && why.contains("docs/runbooks/resume-point.md"),
        "{why}"
    );
    assert_eq!(listing.count(), 0);
    member.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_record_at_the_offset_stops_and_another_incarnation_is_another_source() {
    let log = Log::new("committed-recreated").await;
    let listing = Listing::of(&log);
    let source = |incarnation: &str| Source {
        topic: log.topic.clone(),
        incarnation: incarnation.to_owned(),
        partition: 2,
    };
    let position = async |incarnation| listing.offsets.position(&source(incarnation)).await.unwrap();
    assert_eq!(position("first").await, GroupPosition::Nothing);
    log.append(0, 50).await;
    let first = Member::start(&log, leaving(&log), listing.clone());
    listing.expect(50).await;
    first.stop().await;
    assert_eq!(position("first").await.resume_point().unwrap().offset, 49);
    assert_eq!(position("second").await, GroupPosition::Nothing);

    // Another record at that offset: as if the log had been cut and had grown again.
    let other = Record { offset: 49, ..point_of_another_log() };
    let consumer: BaseConsumer =
        log.kafka.reader("test").set("group.id", log.kafka.name(GROUP)).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        let mut element = offsets.add_partition(&log.topic, partition);
        element.set_offset(Offset::Offset(50)).unwrap();
        element.set_metadata(format!("v1:{}:{}:first", other.append_ms, other.hash()));
    }
    consumer.commit(&offsets, CommitMode::Sync).unwrap();
    drop(consumer);
    let second = Member::start(&log, leaving(&log), listing.clone());
    wait_until("every partition to stop", || {
        stopped(&second).is_some_and(|why| why.contains("4 partition(s) stopped"))
    })
    .await;
    assert!(stopped(&second).unwrap().contains("another record stands"));
    second.stop().await;
    listing.expect(50).await;
}

fn point_of_another_log() -> Record {
    Record { offset: 0, append_ms: 1, key: vec![9], value: None, headers: Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_cannot_be_asked_is_not_an_empty_answer() {
    let nowhere = vendzz_runtime::kafka::KafkaConfig::local("127.0.0.1:1", "test-nowhere.");
    let offsets = CommittedOffsets::new(&nowhere, GROUP).unwrap();
    let source = Source { topic: "t".to_owned(), incarnation: "i".to_owned(), partition: 0 };
    let answer = offsets.position(&source).await;
    assert!(matches!(answer, Err(OpenError::Retry(_))), "{answer:?}");
}
