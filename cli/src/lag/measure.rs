use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use vendzz_processors::fanout;
use vendzz_projections::{analytics, state};
use vendzz_schemas::topics::{QUIZ_ABANDONED, QUIZ_SUBMISSION};

use super::{GroupLag, PartitionLag};
use crate::clock::now_ms;
use crate::cluster::Cluster;
use crate::output;

/// Consumer groups and what they read.
const GROUPS: &[(&str, &[&str])] = &[
    (state::GROUP, state::TOPICS),
    (analytics::GROUP, &analytics::TOPICS),
    (fanout::GROUP, &[QUIZ_SUBMISSION, QUIZ_ABANDONED]),
];

const CALL: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(50);
/// A partition whose first record does not arrive within this is shown with what is known.
const FIRST_RECORDS_WITHIN: Duration = Duration::from_secs(10);

pub(crate) fn measure(cluster: &Cluster) -> anyhow::Result<Vec<GroupLag>> {
    GROUPS.iter().map(|(group, topics)| measure_group(cluster, group, topics)).collect()
}

fn measure_group(cluster: &Cluster, group: &str, topics: &[&str]) -> anyhow::Result<GroupLag> {
    let group = cluster.config().name(group);
    let existing = cluster.topics()?;
    let mut asked = TopicPartitionList::new();
    for topic in topics.iter().map(|topic| cluster.config().name(topic)) {
        if !existing.contains_key(&topic) {
            output::progress(format!("{topic} does not exist; `vendzz topics apply` makes it"));
        }
        for partition in existing.get(&topic).into_iter().flatten() {
            asked.add_partition(&topic, partition.id);
        }
    }
    let committed = committed_offsets(cluster, &group, asked)?;
    let mut partitions = Vec::new();
    let mut unapplied: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
    for element in committed.elements() {
        let (topic, partition) = (element.topic().to_owned(), element.partition());
        let (low, end) = cluster.watermarks(&topic, partition)?;
        let next = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        let first = next.unwrap_or(low).clamp(low, end);
        let seconds = if first < end { None } else { Some(0.0) };
        if first < end {
            unapplied.entry(topic.clone()).or_default().insert(partition, first);
        }
        partitions.push(PartitionLag { topic, partition, next, end, records: end - first, seconds });
    }
    for (topic, offsets) in &unapplied {
        let first_records = first_records(cluster, topic, offsets)?;
        let now_ms = now_ms();
        for lag in partitions.iter_mut().filter(|lag| lag.topic == *topic) {
            match first_records.get(&lag.partition) {
                Some(FirstRecord::AppendedAt(append_ms)) => {
                    lag.seconds = Some(seconds_between(*append_ms, now_ms))
                }
                // Compaction has taken everything up to the end.
                Some(FirstRecord::Gone) => (lag.records, lag.seconds) = (0, Some(0.0)),
                None => {}
            }
        }
    }
    let records = partitions.iter().map(|lag| lag.records).sum();
    let known: Option<Vec<f64>> = partitions.iter().map(|lag| lag.seconds).collect();
    let seconds = known.map(|seconds| seconds.into_iter().fold(0.0, f64::max));
    Ok(GroupLag { group, records, seconds, partitions })
}

/// What a group has committed. The consumer bears the group's name and never joins it.
fn committed_offsets(
    cluster: &Cluster,
    group: &str,
    asked: TopicPartitionList,
) -> anyhow::Result<TopicPartitionList> {
    if asked.count() == 0 {
        return Ok(asked);
    }
    let consumer: BaseConsumer = cluster
        .config()
        .client("cli-lag")
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .create()
        .context("the Kafka client cannot be made")?;
    consumer
        .committed_offsets(asked, CALL)
        .map_err(|error| cluster.failed(error).context(format!("what {group} has committed cannot be read")))
}

enum FirstRecord {
    /// Milliseconds since 1970 (UTC).
    AppendedAt(i64),
    /// There is none between the offset and the end.
    Gone,
}

/// The first record at or after an offset of each partition, as far as they arrive in time.
fn first_records(
    cluster: &Cluster,
    topic: &str,
    offsets: &BTreeMap<i32, i64>,
) -> anyhow::Result<BTreeMap<i32, FirstRecord>> {
    let mut config = cluster.config().reader("cli-lag-records");
    // One record of each is wanted, so little is fetched ahead.
    config.set("fetch.message.max.bytes", "65536").set("queued.max.messages.kbytes", "1024");
    let consumer: BaseConsumer = config.create().context("the Kafka client cannot be made")?;
    let mut assignment = TopicPartitionList::new();
    for (partition, offset) in offsets {
        assignment.add_partition_offset(topic, *partition, Offset::Offset(*offset))?;
    }
    consumer.assign(&assignment)?;
    let mut found = BTreeMap::new();
    let deadline = Instant::now() + FIRST_RECORDS_WITHIN;
    while found.len() < offsets.len() && Instant::now() < deadline {
        match consumer.poll(POLL) {
            Some(Ok(message)) if !found.contains_key(&message.partition()) => {
                let append_ms = message.timestamp().to_millis().context("a record without a time")?;
                found.insert(message.partition(), FirstRecord::AppendedAt(append_ms));
                let mut read = TopicPartitionList::new();
                read.add_partition(topic, message.partition());
                consumer.pause(&read)?;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                found.entry(partition).or_insert(FirstRecord::Gone);
            }
            Some(Err(error)) => {
                return Err(cluster.failed(error).context("the first records behind cannot be read"));
            }
            Some(Ok(_)) | None => {}
        }
    }
    Ok(found)
}

fn seconds_between(from_ms: i64, to_ms: i64) -> f64 {
    Duration::from_millis(u64::try_from(to_ms - from_ms).unwrap_or(0)).as_secs_f64()
}
