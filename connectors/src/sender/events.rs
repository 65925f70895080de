use std::time::Duration;

use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::campaign::Channel;

use super::breaker::BreakerState;
use super::gates::{Changed, Way};
use crate::providers::{NotTakenKind, Outcome};

/// A call to a provider has ended.
pub(super) struct CallEnded<'a> {
    pub(super) channel: Channel,
    pub(super) outcome: &'a Outcome,
    pub(super) took: Duration,
}

impl CallEnded<'_> {
    pub(super) fn emit(self) {
        let (outcome, reason) = match self.outcome {
            Outcome::Accepted { .. } => ("accepted", ""),
            Outcome::NotTaken(not_taken) if not_taken.kind == NotTakenKind::NotCalled => {
                ("not_called", not_taken.reason)
            }
            Outcome::NotTaken(not_taken) => ("not_taken", not_taken.reason),
            Outcome::Refused { reason, .. } => ("refused", *reason),
            Outcome::Unknown { reason } => ("unknown", *reason),
        };
        let channel = self.channel.name();
        MetricName::ProviderCalls
            .counter_of(&[("channel", channel), ("outcome", outcome), ("reason", reason)])
            .increment(1);
        if outcome != "not_called" {
            MetricName::ProviderCallTime.histogram_of(&[("channel", channel)]).record(self.took);
        }
        if outcome == "unknown" {
            tracing::warn!(channel, reason, "nobody can say whether the provider took a message");
        }
    }
}

/// What a call has opened or closed, if anything.
pub(super) struct BreakerMoved<'a> {
    pub(super) channel: Channel,
    pub(super) way: Way<'a>,
    pub(super) changed: Changed,
}

impl BreakerMoved<'_> {
    pub(super) fn emit(self) {
        let Way { account_id: account, provider, sender_id } = self.way;
        let channel = self.channel.name();
        for _ in [self.changed.provider, self.changed.sender].into_iter().flatten() {
            MetricName::BreakerMoves.counter_of(&[("channel", channel)]).increment(1);
        }
        match self.changed.provider {
            Some(BreakerState::Open) => {
                tracing::error!(
                    channel,
                    account,
                    provider,
                    "the provider is down; it is not called for a while"
                );
            }
            Some(_) => tracing::info!(channel, account, provider, "the provider is there again"),
            None => {}
        }
        match self.changed.sender {
            Some(BreakerState::Open) => tracing::error!(
                channel,
                account,
                provider,
                sender_id,
                "the provider takes nothing from this sender; it is left alone for a while"
            ),
            Some(_) => tracing::info!(channel, account, provider, sender_id, "the sender may send again"),
            None => {}
        }
    }
}

/// Rows whose holder fell silent.
pub(super) struct LeasesExpired {
    pub(super) channel: Channel,
    /// By the state in which they are now.
    pub(super) waiting: u64,
    pub(super) unknown: u64,
}

impl LeasesExpired {
    pub(super) fn emit(self) {
        let channel = self.channel.name();
        for (state, count) in [("waiting", self.waiting), ("unknown", self.unknown)] {
            MetricName::LeasesExpired.counter_of(&[("channel", channel), ("state", state)]).increment(count);
        }
        if self.waiting + self.unknown > 0 {
            let (waiting, unknown) = (self.waiting, self.unknown);
            tracing::warn!(channel, waiting, unknown, "leases ran out: a worker died or stood still");
        }
    }
}

/// Something in a worker's loop did not work and comes again.
pub(super) struct RoundFailed<'a> {
    pub(super) what: &'static str,
    pub(super) error: &'a anyhow::Error,
    pub(super) again_in: Duration,
}

impl RoundFailed<'_> {
    pub(super) fn emit(self) {
        MetricName::SenderRoundsFailed.counter_of(&[("what", self.what)]).increment(1);
        tracing::warn!(
            what = self.what,
            error = format!("{:#}", self.error),
            again_in_millis = self.again_in.as_millis(),
            "a round failed"
        );
    }
}
