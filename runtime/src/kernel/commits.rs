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
    /// The furthest offset that was sent of each partition held: what failed before it is overtaken.
    furthest: HashMap<PartitionKey, i64>,
    sent_at: Instant,
}

impl Default for Commits {
    fn default() -> Self {
        Self { waiting: HashMap::new(), furthest: HashMap::new(), sent_at: Instant::now() }
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
        if self.furthest.get(&key).is_some_and(|furthest| *furthest > next) {
            return;
        }
        self.waiting.entry(key).or_insert_with(|| (next, metadata.to_owned()));
    }

    /// Somebody else may own the partition by now.
    pub(super) fn forget(&mut self, key: &PartitionKey) {
        self.waiting.remove(key);
        self.furthest.remove(key);
    }

    /// The partition comes anew: what a former ownership sent says nothing of it.
    pub(super) fn assigned(&mut self, key: &PartitionKey) {
        self.forget(key);
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
            self.furthest.insert((topic.clone(), partition), next);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn point(offset: i64) -> ResumePoint {
        ResumePoint { offset, max_append_ms: 0, hash: 0 }
    }

    #[test]
    fn what_failed_late_never_takes_an_offset_back() {
        let key = ("t".to_owned(), 0);
        let mut commits = Commits::default();
        commits.furthest.insert(key.clone(), 20);
        commits.failed(key.clone(), 10, "");
        assert!(commits.waiting.is_empty());
        commits.failed(key.clone(), 20, "");
        assert_eq!(commits.waiting[&key].0, 20);
        commits.covered(key.clone(), point(29), "i");
        commits.failed(key.clone(), 20, "");
        assert_eq!(commits.waiting[&key].0, 30);
        commits.assigned(&key);
        assert!(commits.waiting.is_empty() && commits.furthest.is_empty());
    }
}
