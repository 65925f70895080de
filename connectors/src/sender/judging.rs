//! What the checks say of leased rows: candidates for a call, and rows that move at once.

use std::time::{Duration, Instant};

use vendzz_schemas::campaign::Channel;

use super::pools::{AccountRules, LastCall, Pools};
use crate::ledger::State;
use crate::ledger::store::{Candidate, LeasedRow, Move};
use crate::policy::{Consent, Facts, Verdict, judge};

/// A row whose campaign is paused or whose pool is unknown to this worker comes back so much later.
const NOT_OURS_TO_SEND: Duration = Duration::from_secs(60);
/// Of an account that is in nobody's file yet, or no more: most of its recipients tell their time zone themselves.
const UNKNOWN_ACCOUNT: AccountRules =
    AccountRules { time_zone: chrono_tz::America::Sao_Paulo, consent_required: false };
/// The provider's breaker has opened between the lease and now.
const BREAKER_OPEN: Duration = Duration::from_secs(1);

/// What becomes of a leased row before any call.
pub(super) enum Judged {
    Call(Candidate),
    Moves(Move),
}

pub(super) fn judge_row(row: &LeasedRow, channel: Channel, pools: &Pools) -> Judged {
    let message = &row.message;
    let rules = pools.rules(&message.account_id);
    // Such a message too becomes late, or is stopped by what is known without its account.
    let AccountRules { time_zone, consent_required } = rules.unwrap_or(UNKNOWN_ACCOUNT);
    let consent = match row.consent.as_deref() {
        Some("granted") => Some(Consent::Granted),
        Some(_) => Some(Consent::Withdrawn),
        None => None,
    };
    let facts = Facts {
        suppressed: row.suppressed,
        consent,
        consent_required,
        finished: row.finished,
        earlier_was_sent: matches!(row.earlier_state.as_deref(), Some("sent" | "unknown")),
        campaign_ended: row.campaign_state.as_deref() == Some("ended"),
        recent: &row.recent,
        account_time_zone: time_zone,
    };
    match judge(message, &facts, row.now) {
        Verdict::Skip { reason } => Judged::Moves(skip(row, reason.name())),
        Verdict::Wait { until, reason } => {
            let wait = (until - row.now).to_std().unwrap_or_default();
            Judged::Moves(Move { what: Some("deferred"), ..back(row, reason.name(), wait) })
        }
        Verdict::Send if row.campaign_state.as_deref() != Some("active") => {
            Judged::Moves(back(row, "campaign_not_active", NOT_OURS_TO_SEND))
        }
        Verdict::Send if rules.is_none() => Judged::Moves(back(row, "unknown_account", NOT_OURS_TO_SEND)),
        Verdict::Send => call(row, channel, pools),
    }
}

fn call(row: &LeasedRow, channel: Channel, pools: &Pools) -> Judged {
    let message = &row.message;
    let last = LastCall { provider: row.provider.as_deref(), sender_id: row.sender_id.as_deref() };
    let senders =
        pools.order(&message.account_id, &message.sender_pool, &message.recipient, last, Instant::now());
    if senders.is_empty() {
        let is_known = pools.is_known(&message.account_id, &message.sender_pool);
        let (reason, wait) =
            if is_known { ("provider_down", BREAKER_OPEN) } else { ("unknown_pool", NOT_OURS_TO_SEND) };
        return Judged::Moves(back(row, reason, wait));
    }
    Judged::Call(Candidate {
        message_id: row.message_id,
        account_id: message.account_id.clone(),
        contact: contact_of(&message.recipient),
        frequency_cap: message.frequency_cap,
        is_paired: channel == Channel::Whatsapp,
        unless_sent: row.unless_sent,
        senders,
    })
}

/// As the ledger's column of this name.
pub(super) fn contact_of(recipient: &str) -> String {
    recipient.to_lowercase()
}

/// Never to be sent.
pub(super) fn skip(row: &LeasedRow, reason: &'static str) -> Move {
    Move {
        message_id: row.message_id,
        token: row.token,
        to: State::Skipped,
        reason: Some(reason),
        provider_ref: None,
        what: Some("skipped"),
        wait: Duration::ZERO,
        give_back: None,
        is_uncalled: false,
    }
}

/// Back to waiting, which is no event of its life.
pub(super) fn back(row: &LeasedRow, reason: &'static str, wait: Duration) -> Move {
    Move {
        message_id: row.message_id,
        token: row.token,
        to: State::Waiting,
        reason: Some(reason),
        provider_ref: None,
        what: None,
        wait,
        give_back: None,
        is_uncalled: false,
    }
}
