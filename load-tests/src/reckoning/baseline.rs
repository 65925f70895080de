use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EdgeViewLosses, TotalsValue};
use crate::follow_up::FollowUpBaseline;

/// How things stood before the first event of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Clock of this machine, milliseconds since 1970 (UTC): no id of the run is older.
    pub began_at_ms: i64,
    pub quizzes: Vec<String>,
    /// Where the run's records begin.
    pub offsets: TopicOffsets,
    pub dead_letters: TopicOffsets,
    /// What the CQL store counted: quiz, topic without prefix, partition, totals.
    pub totals: Vec<(String, String, i32, TotalsValue)>,
    /// `None` when the edge did not answer.
    pub edge_losses: Option<EdgeViewLosses>,
    /// Of what follows the answers; `None` when it is not reckoned.
    #[serde(default)]
    pub follow_up: Option<FollowUpBaseline>,
}

/// The end of each partition (the offset that the next record will get), by topic without prefix.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicOffsets(pub BTreeMap<String, BTreeMap<i32, i64>>);

impl TopicOffsets {
    /// 0 for what is not known: a partition that was added later.
    pub fn get(&self, topic: &str, partition: i32) -> i64 {
        self.0.get(topic).and_then(|partitions| partitions.get(&partition)).copied().unwrap_or(0)
    }

    /// Every topic, partition and offset.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.0.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(move |(partition, offset)| (topic.as_str(), *partition, *offset))
        })
    }

    /// Records appended since `earlier`.
    pub fn grown_since(&self, earlier: &Self) -> i64 {
        self.iter().map(|(topic, partition, offset)| offset - earlier.get(topic, partition)).sum()
    }
}
