/// The versions of one campaign that can still be in force at some moment, in the order of the log.
///
/// Of `T` nothing is known here: fan-out keeps compiled campaigns, the command line documents.
#[derive(Debug, Clone)]
pub struct CampaignVersions<T> {
    /// Ascending by offset, and by `effective_from` too: a version that a later one overtakes at the same
    /// moment or before is never the last at any moment, so it is dropped when that one comes.
    versions: Vec<CampaignVersion<T>>,
    newest_offset: Option<i64>,
}

/// One version of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignVersion<T> {
    /// Of its record on `campaign.definition.v1`.
    pub offset: i64,
    /// See [`effective_from`]; milliseconds since 1970 (UTC).
    pub effective_from: i64,
    pub content: T,
}

/// From when on a version counts, milliseconds since 1970 (UTC): not before `active_from`, and not before
/// the notice after its append has passed, so that every consumer knows it by then.
pub fn effective_from(appended_at_ms: i64, active_from_ms: Option<i64>, notice_ms: i64) -> i64 {
    let known_everywhere = appended_at_ms.saturating_add(notice_ms);
    active_from_ms.map_or(known_everywhere, |active_from| active_from.max(known_everywhere))
}

impl<T> Default for CampaignVersions<T> {
    fn default() -> Self {
        Self { versions: Vec::new(), newest_offset: None }
    }
}

impl<T> CampaignVersions<T> {
    /// Adds the next version of the log. False, and nothing is changed, when its offset is not above those
    /// before it: a record that is read again.
    pub fn push(&mut self, version: CampaignVersion<T>) -> bool {
        if self.newest_offset.is_some_and(|newest| version.offset <= newest) {
            return false;
        }
        self.newest_offset = Some(version.offset);
        while self.versions.last().is_some_and(|last| last.effective_from >= version.effective_from) {
            self.versions.pop();
        }
        self.versions.push(version);
        true
    }

    /// The last version by offset that is effective at this moment; milliseconds since 1970 (UTC).
    pub fn in_force_at(&self, at_ms: i64) -> Option<&CampaignVersion<T>> {
        let effective = self.versions.partition_point(|version| version.effective_from <= at_ms);
        effective.checked_sub(1).map(|place| &self.versions[place])
    }

    /// The version that was appended last, effective or not.
    pub fn newest(&self) -> Option<&CampaignVersion<T>> {
        self.versions.last()
    }

    /// Drops what is not in force at this moment or at any later one.
    pub fn forget_before(&mut self, at_ms: i64) {
        let effective = self.versions.partition_point(|version| version.effective_from <= at_ms);
        self.versions.drain(..effective.saturating_sub(1));
    }

    /// Those that are or may come to be in force, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &CampaignVersion<T>> {
        self.versions.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Append time and `activeFrom` of a version.
    type Written = (i64, Option<i64>);

    /// The versions of a campaign, the notice, and moments to ask for.
    fn histories() -> impl Strategy<Value = (Vec<Written>, i64, Vec<i64>)> {
        let version = (0..200_i64, proptest::option::of(0..300_i64));
        (proptest::collection::vec(version, 0..12), 0..60_i64, proptest::collection::vec(-10..400_i64, 20))
    }

    /// The definition, word for word.
    fn naive(versions: &[Written], notice: i64, at: i64) -> Option<usize> {
        let effective =
            |(append, active_from): &Written| std::cmp::max(active_from.unwrap_or(i64::MIN), append + notice);
        (0..versions.len()).rev().find(|&offset| effective(&versions[offset]) <= at)
    }

    proptest! {
        #[test]
        fn the_last_version_that_is_effective_is_in_force((versions, notice, moments) in histories()) {
            let mut held = CampaignVersions::default();
            for (offset, (append, active_from)) in versions.iter().enumerate() {
                let effective_from = effective_from(*append, *active_from, notice);
                let version = CampaignVersion { offset: offset as i64, effective_from, content: offset };
                prop_assert!(held.push(version));
            }
            let found = |held: &CampaignVersions<usize>, at| held.in_force_at(at).map(|version| version.content);
            for at in &moments {
                prop_assert_eq!(found(&held, *at), naive(&versions, notice, *at));
            }
            let horizon = moments[0];
            let mut trimmed = held.clone();
            trimmed.forget_before(horizon);
            for at in moments.iter().filter(|at| **at >= horizon) {
                prop_assert_eq!(found(&trimmed, *at), naive(&versions, notice, *at));
            }
            prop_assert_eq!(held.newest().map(|version| version.content), versions.len().checked_sub(1));
        }
    }

    #[test]
    fn a_record_that_is_read_again_changes_nothing() {
        let version = |offset, effective_from| CampaignVersion { offset, effective_from, content: offset };
        let mut held = CampaignVersions::default();
        assert!(held.push(version(5, 100)));
        assert!(held.push(version(7, 50)));
        assert!(!held.push(version(5, 100)));
        assert!(!held.push(version(7, 50)));
        assert_eq!(held.in_force_at(200).map(|version| version.offset), Some(7));
    }
}
