//! The state projection: quizzes and responses, row by row, in PostgreSQL.
//!
//! ```text
//! records ──decode──> events ──rows──> merged, sorted rows ──store──> one transaction: rows, resume point
//!          (runtime)            (pure)                       (I/O)
//! ```

mod compare;
mod config;
#[cfg(feature = "planted-faults")]
mod planted;
mod projection;
mod read;
mod read_pool;
mod rows;
mod store;
mod table_fold;

pub use compare::{Difference, compare};
pub use config::{PostgresConfig, PostgresUrl, PostgresUrlError, StateConfig};
pub use projection::{StateFold, StateProjection};
pub use read::{ReadError, Schema, SchemaError, StateReader};
pub use read_pool::{ReadPool, ReplicaConfig};
pub use rows::{FoldedRow, Placed, QuizRow, ResponseRow, Week, fold_events};
pub use store::{PrepareError, StateStore, prepare_when_up};

/// Name of this projection in `public.read_model`.
pub const PROJECTION: &str = "state";

/// The fold's version: name of the PostgreSQL schema that holds its tables. When the golden test
/// says that the fold's output has changed, this version must change too.
pub const FOLD_VERSION: &str = "state_v1";

/// Consumer group, behind the prefix.
pub const GROUP: &str = "project.state";

/// Where `VENDZZ_CRASH_AT` may end the process.
pub const CRASH_POINTS: &[&str] =
    &["state.before_rows", "state.rows_before_resume_point", "state.before_commit", "state.after_commit"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_and_migration_names_the_tables_of_this_version() {
        let statements = [
            include_str!("sql/advance_resume_point.sql"),
            include_str!("sql/attached_ranges.sql"),
            include_str!("sql/first_resume_point.sql"),
            include_str!("sql/insert_responses.sql"),
            include_str!("sql/read_resume_point.sql"),
            include_str!("sql/upsert_quizzes.sql"),
            include_str!("../../migrations/state_v1/0001_tables.sql"),
        ];
        for sql in statements {
            let schemas: Vec<&str> =
                sql.match_indices("state_v").map(|(at, _)| &sql[at..at + FOLD_VERSION.len()]).collect();
            assert!(!schemas.is_empty() && schemas.iter().all(|schema| *schema == FOLD_VERSION), "{sql}");
        }
    }
}
