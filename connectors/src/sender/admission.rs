use std::time::Duration;

use uuid::Uuid;

use super::settle::settle;
use crate::ledger::State;
use crate::ledger::store::{Admission, Candidate, LedgerStore, Move};

/// PostgreSQL was away a moment ago.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// Admits candidates, or leaves nothing behind. Whether a transaction that failed took place nobody can say, but no call
/// was made, and none will be: the rows go back to waiting, with their recipients' room and their attempts, before this returns.
pub async fn admit_or_give_back(
    store: &LedgerStore,
    token: Uuid,
    lease: Duration,
    candidates: &[Candidate],
) -> sqlx::Result<Admission> {
    let failed = match store.admit(token, lease, candidates).await {
        Ok(admission) => return Ok(admission),
        Err(error) => error,
    };
    let moves: Vec<Move> = candidates.iter().map(|candidate| give_back(candidate, token)).collect();
    settle(store, &moves, "give_back").await;
    Err(failed)
}

fn give_back(candidate: &Candidate, token: Uuid) -> Move {
    Move {
        message_id: candidate.message_id,
        token,
        to: State::Waiting,
        reason: Some("not_admitted"),
        provider_ref: None,
        what: None,
        wait: AFTER_A_FAILURE,
        give_back: Some((candidate.account_id.clone(), candidate.contact.clone())),
        is_uncalled: true,
    }
}
