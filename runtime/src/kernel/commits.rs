//! What is committed to Kafka for the group.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};

use super::api::ResumePoint;
use super::board::PartitionKey;
use super::committed;

const EVERY: Duration = Duration::from_secs(1);

/// Offsets that wait to be committed, each with the metadata by which it is a resume point.
pub(super) struct Commits {
    waiting: HashMap<PartitionKey, (i64, String)>,
    sent_at: Instant,
}

impl Default for Commits {
    fn default() -> Self {
        Self { waiting: HashMap::new(), sent_at: Instant::now() }
    }
}

impl Commits {
    pub(super) fn covered(&mut self, key: PartitionKey, point: ResumePoint, incarnation: &str) {
        self.waiting.insert(key, (point.offset + 1, committed::metadata(&point, incarnation)));
    }

    pub(super) fn begun(&mut self, key: PartitionKey, next: i64, incarnation: &str) {
        self.waiting.entry(key).or_insert_with(|| (next, committed::begun_metadata(incarnation)));
    }

    /// An asynchronous commit failed: what is not overtaken meanwhile is sent again.
    pub(super) fn failed(&mut self, key: PartitionKey, next: i64, metadata: &str) {
        self.waiting.entry(key).or_insert_with(|| (next, metadata.to_owned()));
    }

    pub(super) fn forget(&mut self, key: &PartitionKey) {
        self.waiting.remove(key);
    }

    pub(super) fn are_due(&self) -> bool {
        !self.waiting.is_empty() && self.sent_at.elapsed() >= EVERY
    }

    /// A commit that fails costs copies, never records: the next owner begins before it.
    pub(super) fn send<C: ConsumerContext>(&mut self, consumer: &BaseConsumer<C>, mode: CommitMode) {
        self.sent_at = Instant::now();
        if self.waiting.is_empty() {
            return;
        }
        let mut offsets = TopicPartitionList::with_capacity(self.waiting.len());
        for ((topic, partition), (next, metadata)) in self.waiting.drain() {
            let mut element = offsets.add_partition(&topic, partition);
            element.set_metadata(metadata);
            if let Err(error) = element.set_offset(Offset::Offset(next)) {
                tracing::error!(topic, partition, next, %error, "not an offset");
            }
        }
        if let Err(error) = consumer.commit(&offsets, mode) {
            tracing::warn!(%error, "offsets were not committed");
        }
    }
}
