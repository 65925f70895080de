//! The worker's loop: lease, check, admit, call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;

use super::admission::admit_or_give_back;
use super::calls::{Call, Called, Caller};
use super::judging::{Judged, back, judge_row, skip};
use crate::ledger::store::{Candidate, Decision, LeasedRow, LedgerStore, Move, PoolRoom, SENDER_RATE};

/// Rows that may be late and that nobody leases otherwise, looked at in one round.
const LATE_ROWS: i64 = 200;
/// Of a round that has taken fewer rows than it had room for, the next comes after a pause.
const LOOK_AGAIN_AT_ONCE: Duration = Duration::ZERO;

pub(super) struct Worker {
    pub(super) store: LedgerStore,
    pub(super) caller: Arc<Caller>,
    /// Calls that may yet begin.
    pub(super) slots: Arc<Semaphore>,
    pub(super) lease: Duration,
    pub(super) answers: mpsc::Sender<Answer>,
}

/// What a call came to; holds its slot until it is dropped.
pub(super) struct Answer {
    pub(super) called: Called,
    #[expect(dead_code, reason = "held, not read")]
    pub(super) slot: OwnedSemaphorePermit,
}

impl Worker {
    /// Waits for a free slot.
    pub(super) async fn a_slot(&self) {
        drop(self.slots.acquire().await);
    }

    /// One round over every pool; says how many rows it has taken.
    pub(super) async fn round(&self, drain: &CancellationToken) -> anyhow::Result<usize> {
        let room = self.slots.available_permits();
        let pools = self.caller.pools.open(Instant::now());
        if room == 0 || pools.is_empty() || drain.is_cancelled() {
            return Ok(0);
        }
        let pools: Vec<PoolRoom> = pools
            .into_iter()
            .map(|open| PoolRoom {
                account_id: open.account_id.to_owned(),
                sender_pool: open.pool.to_owned(),
                room: open.room(room).cast_signed(),
            })
            .collect();
        let token = Uuid::new_v4();
        let rows = self.store.lease(&pools, room as i64, token, self.lease).await?;
        self.handle(rows, token).await
    }

    /// Rows that may be too late, whatever keeps them.
    pub(super) async fn round_of_late_rows(&self) -> anyhow::Result<usize> {
        let token = Uuid::new_v4();
        let rows = self.store.lease_late(LATE_ROWS, token, self.lease).await?;
        self.handle(rows, token).await
    }

    async fn handle(&self, rows: Vec<LeasedRow>, token: Uuid) -> anyhow::Result<usize> {
        if rows.is_empty() {
            return Ok(0);
        }
        crash_point("sender.after_lease");
        let taken = rows.len();
        let mut moves: Vec<Move> = Vec::new();
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut by_id: HashMap<Uuid, LeasedRow> = HashMap::with_capacity(rows.len());
        let mut slots = Vec::new();
        for row in rows {
            match judge_row(&row, self.store.channel(), &self.caller.pools) {
                Judged::Moves(one) => moves.push(one),
                Judged::Call(candidate) => match self.slots.clone().try_acquire_owned() {
                    Ok(slot) => {
                        slots.push(slot);
                        candidates.push(candidate);
                        by_id.insert(row.message_id, row);
                    }
                    Err(_) => moves.push(back(&row, "no_slot", LOOK_AGAIN_AT_ONCE)),
                },
            }
        }
        self.store.apply(&moves).await?;
        if candidates.is_empty() {
            return Ok(taken);
        }
        let admitted_at = Instant::now();
        let admission = admit_or_give_back(&self.store, token, self.lease, &candidates).await?;
        crash_point("sender.after_sending");
        let mut moves = Vec::new();
        for candidate in candidates {
            let Some(row) = by_id.remove(&candidate.message_id) else { continue };
            match admission.decisions.get(&candidate.message_id) {
                Some(Decision::Send { sender_id }) => {
                    let Some(slot) = slots.pop() else { continue };
                    let call = Call {
                        message_id: row.message_id,
                        attempt: row.attempt.max(0).unsigned_abs() + 1,
                        message: row.message,
                        sender_id: sender_id.clone(),
                        token,
                        admitted_at,
                    };
                    let (caller, answers) = (self.caller.clone(), self.answers.clone());
                    tokio::spawn(async move {
                        let called = caller.call(call).await;
                        // The slot is free only when what came of it is committed.
                        drop(answers.send(Answer { called, slot }).await);
                    });
                }
                Some(Decision::Wait { reason, wait, is_event }) => {
                    if *reason == SENDER_RATE {
                        let message = &row.message;
                        self.caller.pools.rest(&message.account_id, &message.sender_pool, *wait);
                    }
                    let what = is_event.then_some("deferred");
                    moves.push(Move { what, ..back(&row, reason, *wait) });
                }
                Some(Decision::AlreadySaid) => moves.push(skip(&row, "already_said")),
                Some(Decision::LookAgain) | None => {
                    moves.push(back(&row, "look_again", Duration::from_millis(100)));
                }
            }
        }
        self.store.apply(&moves).await?;
        Ok(taken)
    }
}
