//! What happens, each as one struct that writes the log line and the metric.

use std::time::Duration;

use vendzz_runtime::telemetry::MetricName;

/// A sweep has ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Partial responses looked at by the intake.
    pub(super) taken_in: u64,
    pub(super) abandoned: u64,
    pub(super) finished: u64,
    /// Due, and the projector has not yet folded what stood in their partitions then.
    pub(super) behind_projector: u64,
    /// How long ago the longest of them was due.
    pub(super) oldest_due: Duration,
}

impl Swept {
    pub(super) fn emit(&self, took: Duration) {
        for (outcome, count) in [("abandoned", self.abandoned), ("finished", self.finished)] {
            MetricName::AbandonmentDecided.counter_of(&[("outcome", outcome)]).increment(count);
        }
        MetricName::AbandonmentBehindProjector.gauge().set(self.behind_projector as f64);
        MetricName::AbandonmentOldestDue.gauge().set(self.oldest_due.as_secs_f64());
        MetricName::AbandonmentSweepTime.histogram_of(&[]).record(took);
        if *self == Self::default() {
            return;
        }
        tracing::info!(
            taken_in = self.taken_in,
            abandoned = self.abandoned,
            finished = self.finished,
            behind_projector = self.behind_projector,
            oldest_due_seconds = self.oldest_due.as_secs(),
            millis = took.as_millis() as u64,
            "swept"
        );
    }
}

/// Announcements were acknowledged by the log.
pub(super) struct Published {
    pub(super) count: u64,
}

impl Published {
    pub(super) fn emit(&self) {
        MetricName::AbandonmentPublished.counter().increment(self.count);
        if self.count > 0 {
            tracing::info!(count = self.count, "abandonments announced");
        }
    }
}

/// Announcements were not acknowledged; they are sent again.
pub(super) struct NotPublished<'a> {
    pub(super) count: u64,
    pub(super) why: &'a str,
}

impl NotPublished<'_> {
    pub(super) fn emit(&self) {
        tracing::warn!(count = self.count, why = self.why, "abandonments not announced yet");
    }
}

/// A round could not be done, and comes again.
pub(super) struct RoundFailed<'a> {
    pub(super) error: &'a anyhow::Error,
    pub(super) again_in: Duration,
}

impl RoundFailed<'_> {
    pub(super) fn emit(&self) {
        MetricName::AbandonmentFailures.counter().increment(1);
        let again_in_millis = self.again_in.as_millis() as u64;
        tracing::warn!(error = format!("{:#}", self.error), again_in_millis, "a sweep failed");
    }
}
