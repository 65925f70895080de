//! What happens, each as one struct that writes the log line and the metric.

use std::time::Duration;

use axum::http::StatusCode;
use vendzz_runtime::telemetry::MetricName;

use super::publisher::Changed;
use super::refusal::Refusal;

/// A quiz was to be changed.
pub(super) struct QuizChange<'a> {
    pub(super) action: &'static str,
    pub(super) quiz_id: &'a str,
    pub(super) outcome: &'a Result<Changed, Refusal>,
    pub(super) took: Duration,
}

impl QuizChange<'_> {
    pub(super) fn emit(&self) {
        let (action, quiz_id, millis) = (self.action, self.quiz_id, self.took.as_millis() as u64);
        let outcome = match self.outcome {
            Ok(changed) => {
                let (version, outcome) = (changed.version, changed.outcome.word());
                tracing::info!(action, quiz_id, outcome, version, millis, "a quiz was changed");
                outcome
            }
            Err(refusal) => {
                let outcome = refusal.outcome();
                tracing::info!(action, quiz_id, outcome, millis, "a quiz was not changed");
                outcome
            }
        };
        MetricName::QuizChanges.counter_of(&[("action", action), ("outcome", outcome)]).increment(1);
    }
}

/// A request was answered.
pub(super) struct Answered {
    pub(super) route: &'static str,
    pub(super) status: StatusCode,
    pub(super) took: Duration,
}

impl Answered {
    pub(super) fn emit(&self) {
        let status = self.status.as_str();
        MetricName::HttpResponses.counter_of(&[("route", self.route), ("status", status)]).increment(1);
        MetricName::ResponseTime.histogram_of(&[("route", self.route)]).record(self.took);
    }
}
