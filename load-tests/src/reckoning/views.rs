//! Views: best effort on their way in, counted exactly from the log on.

use std::collections::BTreeSet;

use serde::Serialize;

use super::LoggedQuiz;
use super::compare::{Facts, Reckoning};
use crate::sent::Fate;

/// Views of one quiz; each view of a run has a visitor of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ViewCounts {
    pub accepted: u64,
    pub unknown: u64,
    /// Accepted, and not in the log.
    pub missing: u64,
    /// Records.
    pub in_log: u64,
    /// Records beyond the first of each visitor.
    pub doubled: u64,
    pub in_cql: i64,
}

pub(super) fn compare_views(
    facts: &Facts<'_>,
    quiz: &str,
    logged: &LoggedQuiz,
    reckoning: &mut Reckoning,
) -> ViewCounts {
    let fates = &facts.sent.views;
    let is_logged = |id: &&uuid::Uuid| logged.visitors.contains_key(*id);
    let refused = fates.ids(quiz, Fate::NotTaken).filter(is_logged);
    reckoning.find("views answered only 4xx, and yet in the log", refused.map(|id| format!("{quiz}/{id}")));
    let invented = logged.visitors.keys().filter(|id| fates.get(quiz, id).is_none());
    reckoning.find("views in the log that this run never sent", invented.map(|id| format!("{quiz}/{id}")));

    let counted =
        || facts.totals.0.iter().filter(|(key, _)| key.quiz == quiz && key.topic == facts.view_topic);
    let partitions: BTreeSet<i32> =
        counted().map(|(key, _)| key.partition).chain(logged.views_by_partition.keys().copied()).collect();
    let mut differing = Vec::new();
    for partition in partitions {
        let in_log = logged.views_by_partition.get(&partition).copied().unwrap_or(0);
        let in_cql = facts.totals.get(quiz, facts.view_topic, partition).views;
        if u64::try_from(in_cql) != Ok(in_log) {
            differing.push(format!("{quiz} in partition {partition}: {in_cql} counted, {in_log} in the log"));
        }
    }
    reckoning.find("totals of the CQL store that differ from the log's views", differing);

    let in_log: u64 = logged.views_by_partition.values().sum();
    ViewCounts {
        accepted: fates.count(quiz, Fate::Accepted),
        unknown: fates.count(quiz, Fate::Unknown),
        missing: fates.ids(quiz, Fate::Accepted).filter(|id| !is_logged(id)).count() as u64,
        in_log,
        doubled: in_log - logged.visitors.len() as u64,
        in_cql: counted().map(|(_, value)| value.views).sum(),
    }
}
