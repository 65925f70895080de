//! What happens, each as one struct that writes the log line and the metric. None of them holds a contact or a text.

use uuid::Uuid;
use vendzz_runtime::telemetry::MetricName;

use super::report_store::Applied;

/// A provider reported on a message.
pub(super) struct ReportTaken<'a> {
    /// `twilio` or `meta`.
    pub(super) kind: &'static str,
    pub(super) account: &'a str,
    pub(super) message_id: Uuid,
    pub(super) report: &'static str,
    pub(super) applied: Applied,
}

impl ReportTaken<'_> {
    pub(super) fn emit(&self) {
        let Self { kind, account, message_id, report, applied } = self;
        let outcome = applied.word();
        MetricName::WebhookReports.counter_of(&[("kind", kind), ("outcome", outcome)]).increment(1);
        match applied {
            Applied::Moved { to } => {
                tracing::debug!(kind, account, %message_id, report, to, "a report moved a message");
            }
            Applied::Noted | Applied::Repeated => {
                tracing::debug!(kind, account, %message_id, report, outcome, "a report");
            }
            Applied::UnknownMessage | Applied::OtherAccount | Applied::Mismatch | Applied::NeverSent => {
                tracing::warn!(kind, account, %message_id, report, outcome, "a report without effect");
            }
        }
    }
}

/// A provider told something that is none of the above.
pub(super) struct ReportPassedOver<'a> {
    pub(super) kind: &'static str,
    pub(super) account: &'a str,
    /// `unknown_status`, `foreign` or `unreadable`.
    pub(super) outcome: &'static str,
}

impl ReportPassedOver<'_> {
    pub(super) fn emit(&self) {
        let Self { kind, account, outcome } = self;
        MetricName::WebhookReports.counter_of(&[("kind", kind), ("outcome", outcome)]).increment(1);
        tracing::info!(kind, account, outcome, "a report was passed over");
    }
}

/// Somebody wrote to a number of an account.
pub(super) struct InboundTaken<'a> {
    pub(super) kind: &'static str,
    pub(super) account: &'a str,
    /// `suppressed`, `repeated`, `no_opt_out` or `bad_contact`.
    pub(super) outcome: &'static str,
}

impl InboundTaken<'_> {
    pub(super) fn emit(&self) {
        let Self { kind, account, outcome } = self;
        MetricName::WebhookInbound.counter_of(&[("kind", kind), ("outcome", outcome)]).increment(1);
        tracing::debug!(kind, account, outcome, "an inbound message");
    }
}

/// Somebody followed an unsubscribe link.
pub(super) struct UnsubscribeAsked {
    /// `shown`, `suppressed`, `known`, `forged`, `unknown_message`, `not_one_click` or `failed`.
    pub(super) outcome: &'static str,
    pub(super) message_id: Option<Uuid>,
}

impl UnsubscribeAsked {
    pub(super) fn emit(&self) {
        let outcome = self.outcome;
        MetricName::Unsubscribes.counter_of(&[("outcome", outcome)]).increment(1);
        tracing::debug!(outcome, message_id = ?self.message_id, "an unsubscribe link");
    }
}

/// Consent or suppression was changed by the API.
pub(super) struct PermissionChanged<'a> {
    pub(super) account: &'a str,
    /// `suppressed`, `unsuppressed`, `granted` or `withdrawn`.
    pub(super) action: &'static str,
    /// Nothing was changed when it is not new.
    pub(super) is_new: bool,
}

impl PermissionChanged<'_> {
    pub(super) fn emit(&self) {
        let Self { account, action, is_new } = self;
        let outcome = if *is_new { "changed" } else { "unchanged" };
        MetricName::PermissionChanges.counter_of(&[("action", action), ("outcome", outcome)]).increment(1);
        tracing::info!(account, action, outcome, "a permission was asked to change");
    }
}

/// PostgreSQL could not be asked, or answered with an error.
pub(super) struct StoreFailed<'a> {
    pub(super) doing: &'static str,
    pub(super) error: &'a (dyn std::error::Error + 'static),
}

impl StoreFailed<'_> {
    pub(super) fn emit(&self) {
        MetricName::WebhookStoreFailures.counter().increment(1);
        tracing::warn!(doing = self.doing, error = described(self.error), "the store failed");
    }
}

/// PostgreSQL's `DETAIL` may repeat a row's values, so of its own errors the code alone is told.
fn described(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(sqlx::Error::Database(of_database)) = error.downcast_ref::<sqlx::Error>() {
            return format!("SQLSTATE {}", of_database.code().unwrap_or_default());
        }
        cause = error.source();
    }
    error.to_string()
}
