use std::time::Duration;

use vendzz_runtime::kernel::Backoff;

use super::events::RoundFailed;
use crate::ledger::store::{LedgerStore, Move};

pub(super) const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Moves rows, and tries until it is done: they are in nobody else's hands, and if their lease runs out meanwhile, this
/// is the late word that settles them.
pub(super) async fn settle(store: &LedgerStore, moves: &[Move], what: &'static str) {
    let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
    while let Err(error) = store.apply(moves).await {
        let again_in = backoff.next_wait();
        RoundFailed { what, error: &error.into(), again_in }.emit();
        tokio::time::sleep(again_in).await;
    }
}
