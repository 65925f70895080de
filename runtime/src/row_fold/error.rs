use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::kernel::FoldError;

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A row found no range: somebody took one away since it was seen.
    #[error("a row found no range")]
    MissingRange,
    /// A value that PostgreSQL can never take stands among the rows. Its message may repeat the
    /// value, so only the SQLSTATE is kept.
    #[error("PostgreSQL refuses a value (SQLSTATE {sqlstate})")]
    BadData { sqlstate: String },
    /// The resume point is not where this owner left it.
    #[error("another owner has moved the resume point")]
    Outrun,
    #[error("no answer to COMMIT: {0}")]
    CommitUnanswered(sqlx::Error),
    #[error("{reason}: {source}")]
    MayPass { reason: &'static str, source: sqlx::Error },
}

impl From<sqlx::Error> for WriteError {
    /// For everything before COMMIT.
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match error {
                // A value that the wire format cannot hold.
                sqlx::Error::Encode(_) => Self::BadData { sqlstate: "22000".to_owned() },
                source @ sqlx::Error::PoolTimedOut => Self::MayPass { reason: "no_connection", source },
                source => Self::MayPass { reason: "connection", source },
            };
        };
        let sqlstate = database.code().unwrap_or_default().into_owned();
        let reason = match sqlstate.as_str() {
            "23514" => return Self::MissingRange,
            "40001" => "serialization",
            "40P01" => "deadlock",
            "42P07" => "range_detached",
            "55P03" => "lock",
            "57014" => "statement_timeout",
            _ => match sqlstate.get(..2) {
                // 54: beyond a limit of the server, such as JSON nested too deep or an index row too long.
                Some("22" | "23" | "54") => return Self::BadData { sqlstate },
                Some("08" | "57") => "connection",
                Some("53") => "server_resources",
                _ => "server",
            },
        };
        Self::MayPass { reason, source: error }
    }
}

impl WriteError {
    /// For an error in answer to COMMIT: an ordinary ERROR says that nothing was committed;
    /// everything else, also the end of the session, leaves it open.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        if error.as_database_error().is_some_and(is_ordinary) {
            return Self::from(error);
        }
        Self::CommitUnanswered(error)
    }
}

fn is_ordinary(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| error.severity() == PgSeverity::Error)
}

impl From<WriteError> for FoldError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Outrun => Self::Reopen(error.to_string()),
            WriteError::CommitUnanswered(_) => Self::Reopen(error.to_string()),
            WriteError::MissingRange => Self::Retry { reason: "range_missing", source: error.into() },
            // Reached only when no single row is refused; see the fold's search for the culprit.
            WriteError::BadData { .. } => Self::Retry { reason: "refused_together", source: error.into() },
            WriteError::MayPass { reason, source } => Self::Retry { reason, source: source.into() },
        }
    }
}
