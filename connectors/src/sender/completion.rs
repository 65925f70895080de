//! What calls came to, in batches.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use vendzz_runtime::kernel::Backoff;

use super::events::RoundFailed;
use super::outcomes::move_of;
use super::retry::RetryPolicy;
use super::settle::{BACKOFF, settle};
use super::work::Answer;
use crate::ledger::store::{LedgerStore, Move};
use crate::permissions::{Actor, Contact, Key, Permissions, Reason};
use crate::providers::Outcome;

/// Answers of one transaction at most.
const BATCH: usize = 200;
/// A first answer waits so long for others: a transaction costs nearly the same for one as for many.
const LINGER: Duration = Duration::from_millis(20);

pub(super) struct Completion {
    pub(super) store: LedgerStore,
    pub(super) permissions: Permissions,
    pub(super) retry: RetryPolicy,
    pub(super) answered: mpsc::Receiver<Answer>,
    /// There is something to publish.
    pub(super) news: Arc<Notify>,
}

impl Completion {
    /// Ends when nobody can answer any more.
    pub(super) async fn run(mut self) {
        let mut answers = Vec::with_capacity(BATCH);
        while self.answered.recv_many(&mut answers, BATCH).await > 0 {
            if answers.len() < BATCH {
                tokio::time::sleep(LINGER).await;
            }
            while answers.len() < BATCH
                && let Ok(answer) = self.answered.try_recv()
            {
                answers.push(answer);
            }
            let moves: Vec<Move> =
                answers.iter().map(|answer| move_of(&answer.called, &self.retry, rand::random())).collect();
            settle(&self.store, &moves, "outcome").await;
            self.suppress(&answers).await;
            self.news.notify_one();
            answers.clear();
        }
    }

    /// Who has opted out at the provider is not written to again.
    async fn suppress(&self, answers: &[Answer]) {
        for answer in answers {
            if !matches!(answer.called.outcome, Outcome::Refused { opted_out: true, .. }) {
                continue;
            }
            let message = &answer.called.call.message;
            let channel = self.store.channel();
            let Ok(contact) = Contact::parse(channel, &message.recipient) else { continue };
            let key = Key { account_id: message.account_id.clone(), channel, contact };
            let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
            while let Err(error) =
                self.permissions.suppress(&[(key.clone(), Reason::Provider)], &Actor::sender()).await
            {
                let again_in = backoff.next_wait();
                RoundFailed { what: "suppress", error: &error.into(), again_in }.emit();
                tokio::time::sleep(again_in).await;
            }
        }
    }
}
