use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row};
use vendzz_ingest::admin::lock_key;
use vendzz_test_support::postgres_url;

use super::namespace::{campaign_topic, definition_topic};

/// The lock of a quiz or campaign, held by the test as if by another admin process.
pub(crate) struct HeldLock {
    connection: PgConnection,
    key: i64,
}

impl HeldLock {
    pub(crate) async fn take(quiz_id: &str) -> Self {
        Self::take_key(lock_key(&definition_topic(), quiz_id)).await
    }

    pub(crate) async fn take_of_campaign(campaign_id: &str) -> Self {
        Self::take_key(lock_key(&campaign_topic(), campaign_id)).await
    }

    async fn take_key(key: i64) -> Self {
        let mut connection = PgConnection::connect(&postgres_url()).await.unwrap();
        sqlx::query("SELECT pg_advisory_lock($1)").bind(key).execute(&mut connection).await.unwrap();
        Self { connection, key }
    }

    /// Sessions that hold the lock, and sessions that wait for it.
    pub(crate) async fn holders_and_waiters(&mut self) -> (i64, i64) {
        // A key of 64 bits is shown as two halves, with objsubid 1.
        let counted = sqlx::query(
            "SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE NOT granted) FROM pg_locks
             WHERE locktype = 'advisory' AND objsubid = 1
               AND ((classid::bigint << 32) | objid::bigint) = $1",
        );
        let row = counted.bind(self.key).fetch_one(&mut self.connection).await.unwrap();
        (row.get(0), row.get(1))
    }

    pub(crate) async fn wait_for_waiters(&mut self, count: i64) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while self.holders_and_waiters().await.1 != count {
            assert!(std::time::Instant::now() < deadline, "nobody waits for the lock");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Lets go; the connection stays, to look on.
    pub(crate) async fn release(&mut self) {
        let released: bool = sqlx::query_scalar("SELECT pg_advisory_unlock($1)")
            .bind(self.key)
            .fetch_one(&mut self.connection)
            .await
            .unwrap();
        assert!(released);
    }
}
