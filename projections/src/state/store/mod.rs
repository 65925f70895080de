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
mod stored_row;
mod write;

use std::time::Duration;

use sqlx::postgres::PgPool;
use vendzz_runtime::postgres::{PostgresConfig, Session};

pub(super) use error::WriteError;
pub use prepare::prepare_when_up;
pub(super) use stored_row::StoredRow;

use self::ranges::Ranges;

/// The projector's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-project-state";

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
        Self {
            pool: config.pool(APPLICATION),
            answer_within: config.answer_within(),
            ranges: Ranges::default(),
        }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn session(&self) -> sqlx::Result<Session> {
        Ok(Session::new(self.pool.acquire().await?, self.answer_within))
    }
}
