use super::LedgerStore;

/// Of a pool so many times the rows that are counted are looked at: some are of campaigns that are paused.
const LOOK_AT: i64 = 2;

impl LedgerStore {
    /// Rows that are due and may be leased, of each (account, pool) counted up to `share`.
    pub async fn due(&self, pools: &[(String, String)], share: i64) -> sqlx::Result<i64> {
        let mut session = self.session().await?;
        let due = session
            .answered(async |db| {
                sqlx::query_scalar(include_str!("../sql/due.sql"))
                    .bind(self.channel.name())
                    .bind(pools.iter().map(|(account_id, _)| account_id.as_str()).collect::<Vec<_>>())
                    .bind(pools.iter().map(|(_, sender_pool)| sender_pool.as_str()).collect::<Vec<_>>())
                    .bind(share)
                    .bind(share.saturating_mul(LOOK_AT))
                    .fetch_one(db)
                    .await
            })
            .await?;
        session.release();
        Ok(due)
    }
}
