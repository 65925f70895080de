//! The I/O half of the fold: rows and resume points in PostgreSQL.

mod array_literal;
mod error;
mod leads;
mod partials;
mod prepare;
mod quizzes;
mod ranges;
mod responses;
mod resume_points;
mod session;
mod stored_row;
mod write;

use std::time::Duration;

use sqlx::postgres::{PgPool, PgPoolOptions};

pub(super) use error::WriteError;
pub use prepare::{PrepareError, prepare_when_up};
pub(super) use stored_row::StoredRow;

use self::ranges::Ranges;
use self::session::Session;
use super::config::PostgresConfig;

/// The projector's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-project-state";

/// How much longer than the server's own limit an answer is waited for.
const ANSWER_SLACK: Duration = Duration::from_secs(3);

/// The projector's side of PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct StateStore {
    pool: PgPool,
    /// After this long without an answer the server counts as gone.
    answer_within: Duration,
    ranges: Ranges,
}

impl StateStore {
    /// Connects lazily; call [`StateStore::prepare`] first.
    pub fn new(config: &PostgresConfig) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(config.connections)
            .acquire_timeout(config.acquire)
            .connect_lazy_with(config.session(APPLICATION));
        Self { pool, answer_within: config.statement + ANSWER_SLACK, ranges: Ranges::default() }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn session(&self) -> sqlx::Result<Session> {
        Ok(Session::new(self.pool.acquire().await?, self.answer_within))
    }
}
