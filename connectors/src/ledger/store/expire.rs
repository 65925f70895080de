use std::sync::LazyLock;

use sqlx::AssertSqlSafe;

use super::{LedgerStore, Moved};

static EXPIRE: LazyLock<String> = LazyLock::new(|| {
    concat!(include_str!("../sql/expire.sql"), include_str!("../sql/tell.sql")).replace("$SHARD", "$3")
});

impl LedgerStore {
    /// Ends at most `limit` leases that ran out, whoever held them.
    pub async fn expire(&self, limit: i64) -> sqlx::Result<Vec<Moved>> {
        let mut session = self.session().await?;
        let moved = session
            .answered(async |db| {
                sqlx::query_as(AssertSqlSafe(EXPIRE.as_str()))
                    .bind(self.channel.name())
                    .bind(limit)
                    .bind(self.shard)
                    .fetch_all(db)
                    .await
            })
            .await?;
        session.release();
        Ok(moved)
    }
}
