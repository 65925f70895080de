//! The I/O half of the fold: rows and resume points in PostgreSQL, by [`vendzz_runtime::row_fold`].

mod array_literal;
mod leads;
mod partials;
mod prepare;
mod quizzes;
mod responses;

use std::ops::Deref;

use vendzz_runtime::postgres::PostgresConfig;
use vendzz_runtime::row_fold::{CrashPoints, RangedTable, ResumeTable, RowStore, Target};

pub use prepare::prepare_when_up;

use super::{CRASH_POINTS, GROUP};

/// The projector's name in `pg_stat_activity`.
const APPLICATION: &str = "vendzz-project-state";

const TARGET: Target = Target {
    application: APPLICATION,
    group: GROUP,
    resume: ResumeTable { name: "state_v1.projection_offset", consumer_group: None },
    ranged: Some(RangedTable {
        schema: "state_v1",
        table: "quiz_responses",
        column: "response_id",
        lock: 1,
        // Rows are not updated.
        fillfactor: 100,
    }),
    crash_points: CrashPoints {
        before_rows: CRASH_POINTS[0],
        rows_before_resume_point: CRASH_POINTS[1],
        before_commit: CRASH_POINTS[2],
        after_commit: CRASH_POINTS[3],
    },
};

/// The projector's side of PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub struct StateStore(RowStore);

impl StateStore {
    /// Connects lazily; call [`StateStore::prepare`] first.
    pub fn new(config: &PostgresConfig) -> Self {
        Self(RowStore::new(config, TARGET))
    }
}

impl Deref for StateStore {
    type Target = RowStore;

    fn deref(&self) -> &RowStore {
        &self.0
    }
}
