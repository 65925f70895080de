//! What is committed to Kafka for the group.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::api::ResumePoint;
use super::board::PartitionKey;
use super::committed;

const EVERY: Duration = Duration::from_secs(1);
/// How long the last commit before a partition is given away is repeated while the group is between two
/// generations, and how long between two tries.
const LAST_WORD_DEADLINE: Duration = Duration::from_secs(2);
const LAST_WORD_WAIT: Duration = Duration::from_millis(20);

/// Offsets that wait to be committed, each with the metadata by which it is a resume point.
pub(super) struct Commits {
    waiting: HashMap<PartitionKey, (i64, String)>,
    /// What was sent last of each partition held: what failed before it is overtaken, and it may yet fail itself.
    sent: HashMap<PartitionKey, (i64, String)>,
    sent_at: Instant,
}

impl Default for Commits {
    fn default() -> Self {
        Self { waiting: HashMap::new(), sent: HashMap::new(), sent_at: Instant::now() }
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
        if self.sent.get(&key).is_some_and(|(furthest, _)| *furthest > next) {
            return;
        }
        self.waiting.entry(key).or_insert_with(|| (next, metadata.to_owned()));
    }

    /// Somebody else may own the partition by now.
    pub(super) fn forget(&mut self, key: &PartitionKey) {
        self.waiting.remove(key);
        self.sent.remove(key);
    }

    /// The partition comes anew: what a former ownership sent says nothing of it.
    pub(super) fn assigned(&mut self, key: &PartitionKey) {
        self.forget(key);
    }

    pub(super) fn are_due(&self) -> bool {
        !self.waiting.is_empty() && self.sent_at.elapsed() >= EVERY
    }

    /// Commits what waits without waiting for the answer. A commit that fails costs copies, never
    /// records: the next owner begins before it.
    pub(super) fn send<C: ConsumerContext>(&mut self, consumer: &BaseConsumer<C>) {
        self.sent_at = Instant::now();
        if self.waiting.is_empty() {
            return;
        }
        if let Err(error) = consumer.commit(&self.take(), CommitMode::Async) {
            tracing::warn!(%error, "offsets were not committed");
        }
    }

    /// The last word on partitions that leave: commits and waits for the answer, since the next owner asks
    /// where to begin. What was sent before goes again, for its answer may be a refusal. Between the
    /// coordinator's new generation and this member's SyncGroup every commit is refused, so it is repeated.
    pub(super) fn send_last<C: ConsumerContext>(
        &mut self,
        consumer: &BaseConsumer<C>,
        leaving: &[PartitionKey],
    ) {
        self.sent_at = Instant::now();
        for key in leaving {
            if let Some(sent) = self.sent.get(key) {
                self.waiting.entry(key.clone()).or_insert_with(|| sent.clone());
            }
        }
        if self.waiting.is_empty() {
            return;
        }
        let offsets = self.take();
        let deadline = Instant::now() + LAST_WORD_DEADLINE;
        while let Err(error) = consumer.commit(&offsets, CommitMode::Sync) {
            if !is_between_generations(&error) || Instant::now() >= deadline {
                tracing::warn!(%error, "the last offsets were not committed; some records will be read again");
                return;
            }
            std::thread::sleep(LAST_WORD_WAIT);
        }
        // Nothing of them is open any more, so a close that follows a release has nothing to repeat.
        leaving.iter().for_each(|key| self.forget(key));
    }

    fn take(&mut self) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::with_capacity(self.waiting.len());
        for ((topic, partition), (next, metadata)) in self.waiting.drain() {
            let mut element = offsets.add_partition(&topic, partition);
            element.set_metadata(&metadata);
            if let Err(error) = element.set_offset(Offset::Offset(next)) {
                tracing::error!(topic, partition, next, %error, "not an offset");
            }
            self.sent.insert((topic, partition), (next, metadata));
        }
        offsets
    }
}

/// The member has joined the next generation, or not yet heard of it: its own next SyncGroup settles that.
fn is_between_generations(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::RebalanceInProgress | RDKafkaErrorCode::IllegalGeneration)
    )
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
        commits.sent.insert(key.clone(), (20, String::new()));
        commits.failed(key.clone(), 10, "");
        assert!(commits.waiting.is_empty());
        commits.failed(key.clone(), 20, "");
        assert_eq!(commits.waiting[&key].0, 20);
        commits.covered(key.clone(), point(29), "i");
        commits.failed(key.clone(), 20, "");
        assert_eq!(commits.waiting[&key].0, 30);
        commits.assigned(&key);
        assert!(commits.waiting.is_empty() && commits.sent.is_empty());
    }
}
