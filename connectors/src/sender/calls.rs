//! One call to a provider, and what it came to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use super::events::{BreakerMoved, CallEnded};
use super::gates::Leave;
use super::pools::{PoolSender, Pools};
use crate::planted;
use crate::providers::{NotTaken, NotTakenKind, Outcome, Outgoing, Provider};
use crate::webhooks::{PublicUrl, UnsubscribeKey, unsubscribe_url};

/// What a call needs besides the message.
pub(super) struct Caller {
    pub(super) channel: Channel,
    pub(super) pools: Arc<Pools>,
    pub(super) public_url: PublicUrl,
    pub(super) unsubscribe_key: Option<UnsubscribeKey>,
    pub(super) call_timeout: Duration,
    /// From the lease's begin: a call that begins later might end after somebody else has called the row unknown.
    pub(super) call_before: Duration,
}

/// A row that says `sending`.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) message_id: Uuid,
    pub(super) message: CampaignMessage,
    /// This call's number.
    pub(super) attempt: u32,
    pub(super) sender_id: String,
    pub(super) token: Uuid,
    /// Before the transaction that made it `sending`.
    pub(super) admitted_at: Instant,
}

pub(super) struct Called {
    pub(super) call: Call,
    pub(super) outcome: Outcome,
}

impl Caller {
    pub(super) async fn call(&self, call: Call) -> Called {
        let began = Instant::now();
        let outcome = planted::taken_for(self.outcome_of(&call).await);
        crash_point("sender.after_answer");
        CallEnded { channel: self.channel, outcome: &outcome, took: began.elapsed() }.emit();
        Called { call, outcome }
    }

    async fn outcome_of(&self, call: &Call) -> Outcome {
        let message = &call.message;
        let sender = self.pools.sender(&message.account_id, &message.sender_pool, &call.sender_id);
        let provider =
            sender.and_then(|sender| self.pools.provider(&message.account_id, &sender.choice.provider));
        let (Some(sender), Some(provider)) = (sender, provider) else {
            return not_called("no_provider");
        };
        // A worker that was frozen since its commit must not call: others may have given the row up by now.
        if call.admitted_at.elapsed() >= self.call_before {
            return not_called("held_too_long");
        }
        // Nothing is waited for between the leave and the call: a leave that is taken is a call that is made.
        let Some(leave) = self.pools.gates().leave(sender.way(&message.account_id), Instant::now()) else {
            return not_called("provider_down");
        };
        self.make(call, sender, provider, leave).await
    }

    async fn make(&self, call: &Call, sender: &PoolSender, provider: &Provider, leave: Leave) -> Outcome {
        let way = sender.way(&call.message.account_id);
        let outgoing = self.outgoing(call, &sender.address, way.provider);
        // The provider ends its calls by itself; this is for one that does not.
        let limit = self.call_timeout + Duration::from_secs(1);
        let outcome = tokio::time::timeout(limit, provider.send(&outgoing))
            .await
            .unwrap_or(Outcome::Unknown { reason: "timeout" });
        let changed = self.pools.gates().record(way, leave, &outcome, Instant::now());
        BreakerMoved { channel: self.channel, way, changed }.emit();
        outcome
    }

    fn outgoing(&self, call: &Call, from: &str, provider: &str) -> Outgoing {
        let is_email = self.channel == Channel::Email;
        let account_id = &call.message.account_id;
        let report = format!("/webhooks/{account_id}/{provider}/report?message={}", call.message_id);
        Outgoing {
            message: call.message.clone(),
            from: from.to_owned(),
            report_url: (!is_email).then(|| self.public_url.join(&report)),
            unsubscribe_url: self
                .unsubscribe_key
                .as_ref()
                .map(|key| unsubscribe_url(&self.public_url, key, call.message_id)),
        }
    }
}

/// No call was made, so it was certainly not taken.
fn not_called(reason: &'static str) -> Outcome {
    Outcome::NotTaken(NotTaken { reason, retry_after: None, kind: NotTakenKind::NotCalled })
}

#[cfg(test)]
#[path = "calls_tests.rs"]
pub(super) mod tests;
