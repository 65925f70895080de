use std::collections::{BTreeMap, BTreeSet};

/// The two topics in which something may still stand that speaks against an abandonment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stream {
    /// A submission: then somebody finished.
    Submission,
    /// A later beacon: then somebody was seen later.
    Progress,
}

/// A partition that a response belongs to.
pub(super) type Place = (Stream, i32);

/// Where a partition began and ended at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fence {
    /// Taken from the clock before the ends were asked for; milliseconds since 1970 (UTC).
    pub(super) asked_at: i64,
    pub(super) incarnation: String,
    /// The first offset that is kept, and the one that the next record gets.
    pub(super) low: i64,
    pub(super) end: i64,
}

impl Fence {
    /// Whether everything before the fence is folded, the projector having covered `resume_offset`.
    fn is_passed(&self, resume_offset: Option<i64>) -> bool {
        // Where nothing stands, nothing will be folded.
        self.low >= self.end || resume_offset.is_some_and(|offset| offset >= self.end - 1)
    }
}

/// For each partition the fence that the projector must pass. Once it has, everything that stood in the
/// partition at `asked_at` is in the tables, so whoever was due by then can be judged by the tables alone,
/// for ever. While it has not, the fence stays: asked again and again, a busy partition's end runs ahead of
/// the projector always.
#[derive(Debug, Default)]
pub(super) struct Fences {
    fences: BTreeMap<Place, (Fence, bool)>,
}

impl Fences {
    /// The partitions whose ends must be asked for, since somebody is due there at a moment that no fence
    /// covers. `due`: each partition and the latest due moment there, milliseconds since 1970 (UTC).
    pub(super) fn to_ask(&self, due: &BTreeMap<Place, i64>) -> BTreeSet<Place> {
        let is_open = |(place, due_at): &(&Place, &i64)| match self.fences.get(*place) {
            None => true,
            Some((fence, is_passed)) => *is_passed && fence.asked_at < **due_at,
        };
        due.iter().filter(is_open).map(|(place, _)| *place).collect()
    }

    pub(super) fn put(&mut self, place: Place, fence: Fence) {
        self.fences.insert(place, (fence, false));
    }

    /// Looks which fences are passed. `resume_offset` answers for a stream, incarnation and partition.
    pub(super) fn look(&mut self, resume_offset: impl Fn(Stream, &str, i32) -> Option<i64>) {
        for ((stream, partition), (fence, is_passed)) in &mut self.fences {
            *is_passed |= fence.is_passed(resume_offset(*stream, &fence.incarnation, *partition));
        }
    }

    /// A topic that was made again has other partitions behind its numbers.
    pub(super) fn forget_other_incarnations(&mut self, stream: Stream, incarnation: &str) {
        self.fences.retain(|(of, _), (fence, _)| *of != stream || fence.incarnation == incarnation);
    }

    /// Whether everything that stood in the partition at `due_at` is folded.
    pub(super) fn allow(&self, place: Place, due_at: i64) -> bool {
        self.fences.get(&place).is_some_and(|(fence, is_passed)| *is_passed && due_at <= fence.asked_at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: Place = (Stream::Submission, 3);

    fn fence(asked_at: i64, end: i64) -> Fence {
        Fence { asked_at, incarnation: "a".to_owned(), low: 0, end }
    }

    fn folded(offset: Option<i64>) -> impl Fn(Stream, &str, i32) -> Option<i64> {
        move |_, _, _| offset
    }

    #[test]
    fn nobody_is_judged_before_the_projector_has_passed_a_fence_asked_for_after_the_due_moment() {
        let mut fences = Fences::default();
        assert_eq!(fences.to_ask(&BTreeMap::from([(PLACE, 100)])), BTreeSet::from([PLACE]));
        assert!(!fences.allow(PLACE, 100));
        fences.put(PLACE, fence(105, 10));
        for (offset, allowed) in [(None, false), (Some(8), false), (Some(9), true)] {
            fences.look(folded(offset));
            assert_eq!(fences.allow(PLACE, 100), allowed, "{offset:?}");
        }
        assert!(fences.allow(PLACE, 105) && !fences.allow(PLACE, 106));
        fences.look(folded(Some(3)));
        assert!(fences.allow(PLACE, 100), "what is folded stays folded");
    }

    #[test]
    fn a_fence_stays_until_it_is_passed_and_is_then_asked_for_anew_for_who_is_due_later() {
        let mut fences = Fences::default();
        fences.put(PLACE, fence(105, 10));
        fences.look(folded(Some(4)));
        assert!(fences.to_ask(&BTreeMap::from([(PLACE, 200)])).is_empty(), "not passed yet");
        fences.look(folded(Some(9)));
        assert!(fences.to_ask(&BTreeMap::from([(PLACE, 105)])).is_empty(), "covered");
        assert_eq!(fences.to_ask(&BTreeMap::from([(PLACE, 106)])), BTreeSet::from([PLACE]));
        fences.put(PLACE, fence(210, 30));
        assert!(!fences.allow(PLACE, 106));
    }

    #[test]
    fn where_nothing_stands_nothing_is_waited_for() {
        let mut fences = Fences::default();
        fences.put(PLACE, fence(105, 0));
        fences.put((Stream::Progress, 3), Fence { low: 7, ..fence(105, 7) });
        fences.look(folded(None));
        assert!(fences.allow(PLACE, 100) && fences.allow((Stream::Progress, 3), 100));
    }

    #[test]
    fn a_topic_made_again_is_asked_anew() {
        let mut fences = Fences::default();
        fences.put(PLACE, fence(105, 10));
        fences.put((Stream::Progress, 3), fence(105, 10));
        fences.look(folded(Some(9)));
        fences.forget_other_incarnations(Stream::Submission, "b");
        assert!(!fences.allow(PLACE, 100) && fences.allow((Stream::Progress, 3), 100));
    }

    proptest! {
        /// Whatever is appended and folded meanwhile: who is let through has everything folded that stood
        /// there at the due moment.
        #[test]
        fn allowed_means_folded(steps in prop::collection::vec((0..4_u8, 0..5_i64), 1..200)) {
            let (mut now, mut end, mut resume) = (0_i64, 0_i64, -1_i64);
            // End of the partition at each moment.
            let mut ends = vec![0_i64];
            let mut fences = Fences::default();
            for (what, by) in steps {
                match what {
                    0 => end += by,
                    1 => resume = (resume + by).min(end - 1),
                    2 => {
                        now += 1;
                        ends.push(end);
                    }
                    _ => {
                        let due = BTreeMap::from([(PLACE, now - by)]);
                        if !fences.to_ask(&due).is_empty() {
                            fences.put(PLACE, fence(now, end));
                        }
                        fences.look(folded((resume >= 0).then_some(resume)));
                    }
                }
                for (due_at, stood) in ends.iter().enumerate() {
                    if fences.allow(PLACE, due_at as i64) {
                        prop_assert!(resume >= stood - 1, "due at {}", due_at);
                    }
                }
            }
        }
    }
}
