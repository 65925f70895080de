//! Resume points that are Kafka's own: a group's committed offset, and in its metadata what is needed to
//! recognise the record before it. For folds without a store.

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::api::{OpenError, ResumePoint, Source};
use super::lookup::{CALL, Lookup};
use super::start::RUNBOOK;
use crate::kafka::KafkaConfig;

/// Form of the metadata: `v1:<T>:<hash>:<incarnation>`, or `v1:begun:<incarnation>`.
const VERSION: &str = "v1";
const BEGUN: &str = "begun";

/// Where a group stands in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPosition {
    /// Nothing is committed for its topic's incarnation.
    Nothing,
    /// The group has begun while the partition was empty, and has covered nothing yet.
    Begun,
    After(ResumePoint),
}

impl GroupPosition {
    pub fn resume_point(self) -> Option<ResumePoint> {
        match self {
            Self::After(point) => Some(point),
            Self::Nothing | Self::Begun => None,
        }
    }
}

/// What is committed with the offset of the record after `point`.
pub(super) fn metadata(point: &ResumePoint, incarnation: &str) -> String {
    format!("{VERSION}:{}:{}:{incarnation}", point.max_append_ms, point.hash)
}

/// What is committed when a group begins in an empty partition.
pub(super) fn begun_metadata(incarnation: &str) -> String {
    format!("{VERSION}:{BEGUN}:{incarnation}")
}

/// A committed offset as Kafka holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Committed {
    /// Offset of the next record.
    next: i64,
    metadata: String,
}

/// Reads a group's committed offsets as resume points, through a client of its own and outside the poll loop.
/// That client never joins the group.
#[derive(Clone)]
pub struct CommittedOffsets {
    lookup: Lookup,
    group: String,
}

impl CommittedOffsets {
    /// `group` is the catalogue name of the group.
    pub fn new(kafka: &KafkaConfig, group: &str) -> Result<Self, KafkaError> {
        let mut config = kafka.reader(&format!("committed.{group}"));
        let group = kafka.name(group);
        config.set("group.id", &group);
        Ok(Self { lookup: Lookup::of(&config)?, group })
    }

    /// Where the group stands in a source.
    ///
    /// [`OpenError::Retry`] when Kafka could not be asked, [`OpenError::Stop`] when somebody else has
    /// committed: then nobody knows what the offset covers.
    pub async fn position(&self, source: &Source) -> Result<GroupPosition, OpenError> {
        let committed = self.committed(&source.topic, source.partition).await.map_err(OpenError::Retry)?;
        let Some(committed) = committed else { return Ok(GroupPosition::Nothing) };
        match read(&committed, &source.incarnation) {
            Ok(position) => Ok(position),
            Err(Foreign) => Err(OpenError::Stop {
                runbook: RUNBOOK,
                detail: format!(
                    "the offset {} committed for group {} in {}/{} carries no resume point of ours: something else has committed it",
                    committed.next, self.group, source.topic, source.partition
                ),
            }),
        }
    }

    /// Whether no record stands in the partition.
    pub async fn is_empty(&self, source: &Source) -> Result<bool, OpenError> {
        let asked = self.lookup.watermarks(&source.topic, source.partition).await;
        asked.map(|(low, high)| low == high).map_err(OpenError::Retry)
    }

    async fn committed(&self, topic: &str, partition: i32) -> anyhow::Result<Option<Committed>> {
        let (topic, group) = (topic.to_owned(), self.group.clone());
        self.lookup
            .ask(move |consumer| {
                use anyhow::Context;
                let what = || format!("cannot ask Kafka for the offset of {group} in {topic}/{partition}");
                let mut asked = TopicPartitionList::with_capacity(1);
                asked.add_partition(&topic, partition);
                let answer = consumer.committed_offsets(asked, CALL).with_context(what)?;
                let element =
                    answer.find_partition(&topic, partition).context("Kafka left out the partition")?;
                element.error().with_context(what)?;
                match element.offset() {
                    Offset::Offset(next) => {
                        Ok(Some(Committed { next, metadata: element.metadata().to_owned() }))
                    }
                    Offset::Invalid => Ok(None),
                    other => Err(anyhow::anyhow!(KafkaError::OffsetFetch(RDKafkaErrorCode::BadMessage))
                        .context(format!("Kafka answered {other:?}"))),
                }
            })
            .await
    }
}

/// The metadata was not written by a kernel of ours.
#[derive(Debug, PartialEq, Eq)]
struct Foreign;

fn read(committed: &Committed, incarnation: &str) -> Result<GroupPosition, Foreign> {
    let (version, rest) = committed.metadata.split_once(':').ok_or(Foreign)?;
    if version != VERSION {
        return Err(Foreign);
    }
    let (first, rest) = rest.split_once(':').ok_or(Foreign)?;
    if first == BEGUN {
        return Ok(if rest == incarnation { GroupPosition::Begun } else { GroupPosition::Nothing });
    }
    let (second, of_incarnation) = rest.split_once(':').ok_or(Foreign)?;
    let max_append_ms = first.parse().map_err(|_| Foreign)?;
    let hash = second.parse().map_err(|_| Foreign)?;
    if committed.next < 1 {
        return Err(Foreign);
    }
    if of_incarnation != incarnation {
        // Of a topic of the same name that was made before this one: this is a new source.
        return Ok(GroupPosition::Nothing);
    }
    Ok(GroupPosition::After(ResumePoint { offset: committed.next - 1, max_append_ms, hash }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(next: i64, metadata: &str) -> Committed {
        Committed { next, metadata: metadata.to_owned() }
    }

    #[test]
    fn what_was_committed_is_read_again() {
        for point in [
            ResumePoint { offset: 0, max_append_ms: 1_767_225_600_000, hash: i64::MIN },
            ResumePoint { offset: 41, max_append_ms: -1, hash: 7 },
        ] {
            let committed = committed(point.offset + 1, &metadata(&point, "a:b"));
            assert_eq!(read(&committed, "a:b"), Ok(GroupPosition::After(point)));
            assert_eq!(read(&committed, "another"), Ok(GroupPosition::Nothing), "a topic made again");
        }
    }

    #[test]
    fn a_group_that_began_in_an_empty_partition_is_known_to_have_begun() {
        let begun = committed(0, &begun_metadata("a:b"));
        assert_eq!(read(&begun, "a:b"), Ok(GroupPosition::Begun));
        assert_eq!(read(&begun, "another"), Ok(GroupPosition::Nothing));
    }

    #[test]
    fn what_others_commit_is_not_taken_for_a_resume_point() {
        for metadata in ["", "v1", "v1:1", "v1:1:2", "v2:1:2:i", "v1:x:2:i", "v1:1::i", "NONE"] {
            assert_eq!(read(&committed(5, metadata), "i"), Err(Foreign), "{metadata:?}");
        }
        assert_eq!(read(&committed(0, "v1:1:2:i"), "i"), Err(Foreign), "no record stands before offset 0");
    }
}
