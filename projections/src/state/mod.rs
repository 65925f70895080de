//! The state projection: quizzes, responses, partial responses and leads, row by row, in PostgreSQL.
//!
//! ```text
//! records ──decode──> events ──rows──> merged, sorted rows ──store──> one transaction: rows, resume point
//!          (runtime)            (pure)                       (I/O)
//! ```

mod compare;
mod config;
mod projection;
mod read;
mod read_contacts;
mod read_pool;
mod rows;
mod store;

use vendzz_schemas::topics::{LEAD_DETECTED, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION};

pub use compare::{Difference, compare};
pub use config::StateConfig;
pub use projection::{StateFold, StateProjection};
pub use read::{ReadError, StateReader};
pub use read_contacts::{Lead, LeadPageKey, PartialResponse};
pub use read_pool::{ReadPool, ReplicaConfig};
pub use rows::{LeadRow, LeadSighting, NameSighting, PartialRow, PlaceInSource, QuizRow, ResponseRow};
pub use store::{StateStore, prepare_when_up};
pub use vendzz_runtime::postgres::{
    PostgresConfig, PostgresUrl, PostgresUrlError, PrepareError, Schema, SchemaError,
};
pub use vendzz_runtime::row_fold::{FoldedRow, Placed, Week, fold_events};

/// Name of this projection in `public.read_model`.
pub const PROJECTION: &str = "state";

/// The fold's version: name of the PostgreSQL schema that holds its tables. When the golden test
/// says that the fold's output has changed, this version must change too.
pub const FOLD_VERSION: &str = "state_v1";

/// Consumer group, behind the prefix.
pub const GROUP: &str = "project.state";

/// The topics that have a table here.
pub const TOPICS: &[&str] = &[QUIZ_DEFINITION, QUIZ_SUBMISSION, QUIZ_PROGRESS, LEAD_DETECTED];

/// Where `VENDZZ_CRASH_AT` may end the process.
pub const CRASH_POINTS: &[&str] =
    &["state.before_rows", "state.rows_before_resume_point", "state.before_commit", "state.after_commit"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_and_migration_names_the_tables_of_this_version() {
        let statements = [
            include_str!("sql/insert_responses.sql"),
            include_str!("sql/upsert_leads.sql"),
            include_str!("sql/upsert_partials.sql"),
            include_str!("sql/upsert_quizzes.sql"),
            include_str!("../../migrations/state_v1/0001_tables.sql"),
            include_str!("../../migrations/state_v1/0002_partials_and_leads.sql"),
        ];
        for sql in statements {
            let schemas: Vec<&str> =
                sql.match_indices("state_v").map(|(at, _)| &sql[at..at + FOLD_VERSION.len()]).collect();
            assert!(!schemas.is_empty() && schemas.iter().all(|schema| *schema == FOLD_VERSION), "{sql}");
        }
    }
}
