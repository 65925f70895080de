//! Progress beacons: best effort on their way in, as views are.

use serde::Serialize;

use super::LoggedQuiz;
use super::compare::{Facts, Reckoning};
use crate::sent::Fate;

/// Beacons of one quiz.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BeaconCounts {
    pub accepted: u64,
    pub unknown: u64,
    /// Accepted, and not in the log.
    pub missing: u64,
    /// Distinct ones.
    pub in_log: u64,
    /// Records beyond the first of each.
    pub further_copies: u64,
}

pub(super) fn compare_beacons(
    facts: &Facts<'_>,
    quiz: &str,
    logged: &LoggedQuiz,
    reckoning: &mut Reckoning,
) -> BeaconCounts {
    let fates = &facts.sent.beacons;
    let is_logged = |id: &&uuid::Uuid| logged.beacons.contains_key(*id);
    let refused = fates.ids(quiz, Fate::NotTaken).filter(is_logged);
    reckoning.find("beacons answered only 4xx, and yet in the log", refused.map(|id| format!("{quiz}/{id}")));
    let invented = logged.beacons.keys().filter(|id| fates.get(quiz, id).is_none());
    reckoning.find("beacons in the log that this run never sent", invented.map(|id| format!("{quiz}/{id}")));
    let in_log = logged.beacons.len() as u64;
    BeaconCounts {
        accepted: fates.count(quiz, Fate::Accepted),
        unknown: fates.count(quiz, Fate::Unknown),
        missing: fates.ids(quiz, Fate::Accepted).filter(|id| !is_logged(id)).count() as u64,
        in_log,
        further_copies: logged.beacons.values().sum::<u64>() - in_log,
    }
}
