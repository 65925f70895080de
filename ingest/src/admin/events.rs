//! What happens, each as one struct that writes the log line and the metric.

use std::time::Duration;

use super::kind::Kind;
use super::publisher::Changed;
use super::refusal::Refusal;

/// A quiz or a campaign was to be changed.
pub(super) struct ChangeAsked<'a, K: Kind> {
    pub(super) action: &'static str,
    pub(super) id: &'a str,
    pub(super) outcome: &'a Result<Changed<K>, Refusal>,
    pub(super) took: Duration,
}

impl<K: Kind> ChangeAsked<'_, K> {
    pub(super) fn emit(&self) {
        let (thing, action, id, millis) =
            (K::THING.word(), self.action, self.id, self.took.as_millis() as u64);
        let outcome = match self.outcome {
            Ok(changed) => {
                let (version, outcome) = (changed.tag.as_str(), changed.outcome.word());
                tracing::info!(thing, action, id, outcome, version, millis, "changed");
                outcome
            }
            Err(refusal) => {
                let outcome = refusal.outcome();
                tracing::info!(thing, action, id, outcome, millis, "not changed");
                outcome
            }
        };
        K::CHANGES.counter_of(&[("action", action), ("outcome", outcome)]).increment(1);
    }
}
