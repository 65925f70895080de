use super::events::LeasesExpired;
use crate::ledger::store::LedgerStore;

/// Rows of one statement.
const BATCH: i64 = 1_000;

/// Ends leases that ran out, of whichever worker of the channel.
pub(super) async fn sweep(store: &LedgerStore) -> sqlx::Result<()> {
    loop {
        let moved = store.expire(BATCH).await?;
        let unknown = moved.iter().filter(|row| row.state == "unknown").count() as u64;
        let waiting = moved.len() as u64 - unknown;
        LeasesExpired { channel: store.channel(), waiting, unknown }.emit();
        if (moved.len() as i64) < BATCH {
            return Ok(());
        }
    }
}
