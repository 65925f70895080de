use std::time::Duration;

use sqlx::postgres::PgPool;

use super::ranges::{RangedTable, Ranges};
use super::resume_points::ResumeTable;
use crate::postgres::{PostgresConfig, Session};

/// Where a service's folds write.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The service's name in `pg_stat_activity`.
    pub application: &'static str,
    /// Consumer group: a metric's label.
    pub group: &'static str,
    pub resume: ResumeTable,
    /// The table whose rows say a week, if any.
    pub ranged: Option<RangedTable>,
    pub crash_points: CrashPoints,
}

/// Names of the points at which `VENDZZ_CRASH_AT` may end the process within a write.
#[derive(Debug, Clone, Copy)]
pub struct CrashPoints {
    pub before_rows: &'static str,
    pub rows_before_resume_point: &'static str,
    pub before_commit: &'static str,
    pub after_commit: &'static str,
}

impl CrashPoints {
    pub const fn all(&self) -> [&'static str; 4] {
        [self.before_rows, self.rows_before_resume_point, self.before_commit, self.after_commit]
    }
}

/// A service's side of PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct RowStore {
    pool: PgPool,
    /// After this long without an answer the server counts as gone.
    answer_within: Duration,
    pub(super) target: Target,
    pub(super) ranges: Ranges,
}

impl RowStore {
    /// Connects lazily; the tables must have been prepared.
    pub fn new(config: &PostgresConfig, target: Target) -> Self {
        Self {
            pool: config.pool(target.application),
            answer_within: config.answer_within(),
            target,
            ranges: Ranges::default(),
        }
    }

    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub async fn session(&self) -> sqlx::Result<Session> {
        Ok(Session::new(self.pool.acquire().await?, self.answer_within))
    }
}
