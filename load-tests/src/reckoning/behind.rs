use std::collections::HashMap;
use std::fmt;

use vendzz_schemas::topics::{self, Namespace};

use super::TopicOffsets;

/// (real topic name, incarnation, partition) → offset of the last record that is covered.
pub(super) type ResumePoints = HashMap<(String, String, i32), i64>;

const ANALYTICS_TOPICS: [&str; 3] = [topics::QUIZ_VIEW, topics::QUIZ_PROGRESS, topics::QUIZ_SUBMISSION];
const STATE_TOPICS: [&str; 3] = [topics::QUIZ_PROGRESS, topics::QUIZ_SUBMISSION, topics::LEAD_DETECTED];

/// How many records the projections have not applied yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Behind {
    pub state: u64,
    pub analytics: u64,
}

impl Behind {
    pub(super) fn of(
        ends: &TopicOffsets,
        incarnations: &HashMap<String, String>,
        names: &Namespace,
        state: &ResumePoints,
        analytics: &ResumePoints,
    ) -> Self {
        let mut behind = Self::default();
        for (topic, partition, end) in ends.iter() {
            let name = names.name(topic);
            let incarnation = incarnations.get(&name).cloned().unwrap_or_default();
            let source = (name, incarnation, partition);
            let missing = |points: &ResumePoints| {
                let covered = points.get(&source).map_or(0, |last| last + 1);
                u64::try_from(end - covered).unwrap_or(0)
            };
            if ANALYTICS_TOPICS.contains(&topic) {
                behind.analytics += missing(analytics);
            }
            if STATE_TOPICS.contains(&topic) {
                behind.state += missing(state);
            }
        }
        behind
    }

    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgreSQL by {} record(s), the CQL store by {}", self.state, self.analytics)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_topics_present_incarnation_counts() {
        let mut ends = TopicOffsets::default();
        ends.0.entry(topics::QUIZ_SUBMISSION.to_owned()).or_default().extend([(0, 10), (1, 0)]);
        ends.0.entry(topics::QUIZ_VIEW.to_owned()).or_default().insert(0, 5);
        let names = Namespace::new("t-");
        let real = |topic: &str| names.name(topic);
        let incarnations = HashMap::from([
            (real(topics::QUIZ_SUBMISSION), "new".to_owned()),
            (real(topics::QUIZ_VIEW), "v".to_owned()),
        ]);
        let old = ResumePoints::from([((real(topics::QUIZ_SUBMISSION), "old".to_owned(), 0), 99)]);
        let caught_up = ResumePoints::from([
            ((real(topics::QUIZ_SUBMISSION), "new".to_owned(), 0), 9),
            ((real(topics::QUIZ_VIEW), "v".to_owned(), 0), 3),
        ]);
        let behind = Behind::of(&ends, &incarnations, &names, &old, &caught_up);
        assert_eq!(behind, Behind { state: 10, analytics: 1 });
        assert!(!behind.is_none());
    }
}
