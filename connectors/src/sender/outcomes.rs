//! What a call came to, as the row's next move.

use std::time::Duration;

use super::calls::Called;
use super::judging::contact_of;
use super::retry::{Retry, RetryPolicy};
use crate::ledger::State;
use crate::ledger::store::Move;
use crate::providers::Outcome;

/// The move that follows. `random` is drawn evenly from 0 up to, and without, 1.
pub(super) fn move_of(called: &Called, retry: &RetryPolicy, random: f64) -> Move {
    let call = &called.call;
    let stays = Move {
        message_id: call.message_id,
        token: call.token,
        to: State::Unknown,
        reason: None,
        provider_ref: None,
        what: None,
        wait: Duration::ZERO,
        give_back: None,
    };
    match &called.outcome {
        Outcome::Accepted { reference } => {
            Move { to: State::Sent, provider_ref: Some(reference.clone()), what: Some("sent"), ..stays }
        }
        Outcome::Refused { reason, .. } => {
            Move { to: State::Failed, reason: Some(reason), what: Some("failed"), ..stays }
        }
        Outcome::Unknown { reason } => {
            Move { to: State::Unknown, reason: Some(reason), what: Some("unknown"), ..stays }
        }
        Outcome::NotTaken(not_taken) => {
            let whom = (call.message.account_id.clone(), contact_of(&call.message.recipient));
            let again = Move { reason: Some(not_taken.reason), give_back: Some(whom), ..stays };
            match retry.after(call.attempt, not_taken, random) {
                Retry::After(wait) => Move { to: State::Waiting, what: Some("deferred"), wait, ..again },
                Retry::GiveUp => Move { to: State::Failed, what: Some("failed"), ..again },
            }
        }
    }
}
