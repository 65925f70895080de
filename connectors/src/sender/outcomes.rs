//! What a call came to, as the row's next move.

use std::time::Duration;

use super::calls::Called;
use super::judging::contact_of;
use super::retry::RetryPolicy;
use crate::ledger::State;
use crate::ledger::store::Move;
use crate::providers::{NotTakenKind, Outcome};

/// By then the pool is known to be closed, or the worker to be awake.
const UNCALLED_WAITS: Duration = Duration::from_secs(1);

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
        is_uncalled: false,
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
            let again =
                Move { to: State::Waiting, reason: Some(not_taken.reason), give_back: Some(whom), ..stays };
            // Of a call that was not made nothing is told, and it does not count.
            if not_taken.kind == NotTakenKind::NotCalled {
                return Move { wait: UNCALLED_WAITS, is_uncalled: true, ..again };
            }
            Move { what: Some("deferred"), wait: retry.after(call.attempt, not_taken, random), ..again }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::providers::NotTaken;
    use crate::sender::calls::tests::a_call;

    fn moved(attempt: u32, outcome: Outcome) -> Move {
        let call = super::super::calls::Call { attempt, ..a_call(Instant::now()) };
        move_of(&Called { call, outcome }, &RetryPolicy::default(), 0.5)
    }

    fn not_taken(kind: NotTakenKind) -> Outcome {
        let reason = "test";
        Outcome::NotTaken(NotTaken { reason, retry_after: None, kind })
    }

    /// What ends it is that it is late.
    #[test]
    fn what_was_not_taken_never_fails_by_its_number_of_calls() {
        for kind in [NotTakenKind::Later, NotTakenKind::Limit, NotTakenKind::Sender, NotTakenKind::Away] {
            for attempt in [1, 10, 11, 10_000] {
                let moved = moved(attempt, not_taken(kind));
                assert_eq!((moved.to, moved.what), (State::Waiting, Some("deferred")), "{kind:?} {attempt}");
                assert!(!moved.is_uncalled && moved.give_back.is_some());
                assert!(moved.wait <= RetryPolicy::default().cap);
            }
        }
    }

    #[test]
    fn a_call_that_was_not_made_is_no_attempt_and_nothing_is_told_of_it() {
        for attempt in [1, 10, 10_000] {
            let moved = moved(attempt, not_taken(NotTakenKind::NotCalled));
            assert_eq!((moved.to, moved.what, moved.is_uncalled), (State::Waiting, None, true));
            assert_eq!((moved.wait, moved.give_back.is_some()), (UNCALLED_WAITS, true));
        }
    }

    #[test]
    fn nothing_else_is_repeated() {
        let refused = moved(1, Outcome::Refused { reason: "test", opted_out: false });
        assert_eq!((refused.to, refused.what), (State::Failed, Some("failed")));
        let unknown = moved(1, Outcome::Unknown { reason: "timeout" });
        assert_eq!((unknown.to, unknown.what), (State::Unknown, Some("unknown")));
        for one in [refused, unknown] {
            assert!(one.give_back.is_none() && !one.is_uncalled);
        }
    }
}
