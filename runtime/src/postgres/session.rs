use std::io;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Executor, PgConnection, Postgres};

/// One connection of the pool for the length of a transaction. It goes back to the pool only where
/// that is known to be harmless; otherwise, also when the work is dropped halfway, it is closed,
/// and the server rolls back.
pub struct Session {
    connection: Option<PoolConnection<Postgres>>,
    answer_within: Duration,
}

impl Session {
    /// `answer_within`: see [`super::PostgresConfig::answer_within`].
    pub fn new(connection: PoolConnection<Postgres>, answer_within: Duration) -> Self {
        Self { connection: Some(connection), answer_within }
    }

    pub async fn begin(&mut self) -> sqlx::Result<()> {
        self.execute("BEGIN").await
    }

    pub async fn commit(&mut self) -> sqlx::Result<()> {
        self.execute("COMMIT").await
    }

    /// One statement without parameters.
    pub async fn execute(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.answered(async |connection| connection.execute(sqlx::raw_sql(sql)).await.map(drop)).await
    }

    /// What `ask` answers, or that no answer came in time.
    pub async fn answered<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        match tokio::time::timeout(self.answer_within, ask(connection)).await {
            Ok(answer) => answer,
            Err(_) => {
                Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "PostgreSQL does not answer")))
            }
        }
    }

    /// Gives the connection back; there must be no open transaction on it.
    pub fn release(mut self) {
        drop(self.connection.take());
    }

    /// Rolls back and gives the connection back, or closes it when even that fails.
    pub async fn roll_back(mut self) {
        if self.execute("ROLLBACK").await.is_ok() {
            self.release();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}
