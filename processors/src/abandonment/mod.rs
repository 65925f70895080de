//! Tells who gave a contact, left, and did not come back in time. Each is decided once.
//!
//! ```text
//! state_v1.partial_responses ──intake──> waiting ──candidates, due──> fences ──> decisions ──publish──> quiz.abandoned.v1
//!                                                                       ^
//!                         ends of quiz.submission.v1 and quiz.progress.v1 ┘ asked after the due moment
//! ```
//!
//! *Who left* is decided only once the state projector has folded everything that stood in the response's
//! partitions when it was due: so a projector that lags never makes a leaver of a finisher. The table `waiting`
//! holds those who are still to be judged, so a sweep costs what is due and not what was ever decided.
//! Instances need no leader: a decision is one statement that the first one wins, and an announcement is
//! locked by whoever sends it.

mod config;
mod content;
mod ends;
mod events;
mod fences;
#[cfg(feature = "planted-faults")]
mod planted;
mod publish;
mod run;
mod store;
mod sweep;

pub use config::{AbandonmentConfig, abandon_after};
pub use run::run;

/// The PostgreSQL schema of the processor's own tables.
pub const SCHEMA: &str = "abandonment_v1";

/// The version of the state projection that is read.
pub const STATE_SCHEMA: &str = "state_v1";

/// Where `VENDZZ_CRASH_AT` may end the process.
pub const CRASH_POINTS: &[&str] = &[
    "abandonment.before_decision",
    "abandonment.after_decision",
    "abandonment.before_publish",
    "abandonment.after_publish",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_names_the_tables_of_these_versions_and_none_changes_the_projections() {
        let statements = [
            include_str!("sql/begin_intake.sql"),
            include_str!("sql/candidates.sql"),
            include_str!("sql/decide.sql"),
            include_str!("sql/end_intake.sql"),
            include_str!("sql/lock_intake.sql"),
            include_str!("sql/mark_published.sql"),
            include_str!("sql/resume_points.sql"),
            include_str!("sql/sources_with_news.sql"),
            include_str!("sql/take_in.sql"),
            include_str!("sql/undelivered.sql"),
            include_str!("../../migrations/abandonment_v1/0001_tables.sql"),
        ];
        for sql in statements {
            for (word, version) in [("state_v", STATE_SCHEMA), ("abandonment_v", SCHEMA)] {
                let named: Vec<&str> =
                    sql.match_indices(word).map(|(at, _)| &sql[at..at + version.len()]).collect();
                assert!(named.iter().all(|schema| *schema == version), "{sql}");
            }
            for change in ["INSERT INTO state", "UPDATE state", "DELETE FROM state"] {
                assert!(!sql.contains(change), "{sql}");
            }
        }
    }
}
