use super::LedgerStore;

impl LedgerStore {
    /// Rows of the channel that are due and wait, counted up to `limit`.
    pub async fn due(&self, limit: i64) -> sqlx::Result<i64> {
        let sql = "SELECT count(*) FROM (
            SELECT FROM sending.message_ledger
            WHERE channel = $1 AND state = 'waiting' AND not_before <= now()
            LIMIT $2
        ) AS due";
        let mut session = self.session().await?;
        let due = session
            .answered(async |db| {
                sqlx::query_scalar(sql).bind(self.channel.name()).bind(limit).fetch_one(db).await
            })
            .await?;
        session.release();
        Ok(due)
    }
}
