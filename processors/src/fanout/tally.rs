use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::campaign::Channel;

use super::{FollowUp, GROUP, SkipReason};

/// What became of one batch.
#[derive(Debug, Default)]
pub(super) struct Tally {
    messages: [u64; Channel::ALL.len()],
    emails: u64,
    phones: u64,
    skipped: [u64; SkipReason::ALL.len()],
    pub(super) times_replaced: u64,
    /// Responses read by another version of the quiz than the one answered.
    pub(super) versions_replaced: u64,
}

impl Tally {
    pub(super) fn count(&mut self, made: &FollowUp<'_>) {
        for lead in &made.leads {
            match lead.field.as_str() {
                "email" => self.emails += 1,
                _ => self.phones += 1,
            }
        }
        for message in &made.messages {
            if let Some(place) = Channel::ALL.iter().position(|channel| channel.name() == message.channel) {
                self.messages[place] += 1;
            }
        }
        made.skipped.iter().for_each(|skipped| self.skip(skipped.reason));
    }

    pub(super) fn skip(&mut self, reason: SkipReason) {
        if let Some(place) = SkipReason::ALL.iter().position(|other| *other == reason) {
            self.skipped[place] += 1;
        }
    }

    /// To be called once the log has acknowledged everything.
    pub(super) fn emit(self) {
        for (channel, count) in Channel::ALL.into_iter().zip(self.messages) {
            if count > 0 {
                MetricName::FanoutMessages.counter_of(&[("channel", channel.name())]).increment(count);
            }
        }
        for (field, count) in [("email", self.emails), ("phone", self.phones)] {
            if count > 0 {
                MetricName::FanoutLeads.counter_of(&[("field", field)]).increment(count);
            }
        }
        for (reason, count) in SkipReason::ALL.into_iter().zip(self.skipped) {
            if count > 0 {
                MetricName::FanoutSkipped.counter_of(&[("reason", reason.name())]).increment(count);
            }
            if reason == SkipReason::Duplicate {
                MetricName::DuplicateSubmissions.counter_of(&[("group", GROUP)]).increment(count);
            }
        }
        MetricName::EventTimeReplaced.counter_of(&[("group", GROUP)]).increment(self.times_replaced);
        MetricName::FanoutVersionReplaced.counter().increment(self.versions_replaced);
        tracing::debug!(
            messages = self.messages.iter().sum::<u64>(),
            leads = self.emails + self.phones,
            skipped = self.skipped.iter().sum::<u64>(),
            "batch followed up"
        );
    }
}
