use std::collections::BTreeMap;

use scylla::{DeserializeValue, SerializeValue};

use super::calendar::hour_of;
use super::{Event, EventKind, Totals};

/// Elements kept apart in one row. A quiz has fewer; the versions that an hour sees may have more.
pub const MAX_STEPS: usize = 400;

/// One element of a quiz, as far as one row knows of it. Who stayed is `reached - left`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct StepTotals {
    /// How many came to it.
    pub reached: i64,
    /// How many went on from it, to another element or to the end.
    pub left: i64,
    /// How long it was shown to those who left it, together, in milliseconds by their clocks.
    pub millis: i64,
}

/// A quiz's way through its elements within one hour in one source, as beacons (of a progress
/// topic's partition) and submissions (of a submission topic's) tell it. Bots do not count.
///
/// Every event names the way so far, e(0) … e(n-1), and how many of these elements, `reported`, stood
/// in beacons before. The elements from e(reported) on were reached. Those from e(reported - 1) on
/// were left, but for the last one of a beacon, which is still shown.
///
/// An element counts as reached in the hour (and source) of the event that says so first, and as left
/// in that of the one that says this: in a single row `left` may be more than `reached`.
///
/// Elements are kept apart in the order in which they first count, within an event in the order of
/// its way; those after the first [`MAX_STEPS`] are counted together in `other`. Sums saturate,
/// since a stranger's clock tells the time.
#[derive(Debug, Clone, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct FunnelTotals {
    pub last_offset: i64,
    pub steps: BTreeMap<String, StepTotals>,
    pub other: StepTotals,
}

impl Totals for FunnelTotals {
    fn empty() -> Self {
        Self { last_offset: -1, steps: BTreeMap::new(), other: StepTotals::default() }
    }

    fn last_offset(&self) -> i64 {
        self.last_offset
    }

    fn start_of(at_ms: i64) -> i64 {
        hour_of(at_ms)
    }

    /// A submission of a client that says nothing of its way, as all did once, makes no row.
    fn counts(event: &Event) -> bool {
        !event.kind.is_bot() && !event.elements.is_empty()
    }

    fn add(&mut self, event: &Event) {
        self.last_offset = event.offset;
        let shown_still = usize::from(matches!(event.kind, EventKind::Progress { .. }));
        let left_before = event.elements.len() - shown_still;
        for (place, seen) in event.elements.iter().enumerate().skip(event.reported.saturating_sub(1)) {
            let (reached, left) = (place >= event.reported, place < left_before);
            if !reached && !left {
                continue;
            }
            let step = self.step(&seen.element_id);
            step.reached += i64::from(reached);
            if left {
                step.left += 1;
                step.millis = step.millis.saturating_add(seen.millis);
            }
        }
    }
}

impl FunnelTotals {
    fn step(&mut self, element_id: &str) -> &mut StepTotals {
        if !self.steps.contains_key(element_id) {
            if self.steps.len() >= MAX_STEPS {
                return &mut self.other;
            }
            self.steps.insert(element_id.to_owned(), StepTotals::default());
        }
        self.steps.get_mut(element_id).expect("it is held or was just put")
    }
}

impl StepTotals {
    /// Adds another row's.
    pub fn add(&mut self, other: Self) {
        self.reached = self.reached.saturating_add(other.reached);
        self.left = self.left.saturating_add(other.left);
        self.millis = self.millis.saturating_add(other.millis);
    }
}
