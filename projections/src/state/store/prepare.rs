use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::Latch;
use vendzz_runtime::kernel::Backoff;

use super::{APPLICATION, StateStore};
use crate::state::FOLD_VERSION;
use crate::state::config::PostgresConfig;

/// Why the tables could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Worth trying again.
    #[error("PostgreSQL is away: {0}")]
    Away(sqlx::Error),
    #[error("the migrations of {FOLD_VERSION} cannot be run: {0}")]
    Migrations(MigrateError),
}

/// Makes the tables ready as soon as PostgreSQL lets it; `false` when the drain came first.
pub async fn prepare_when_up(
    config: &PostgresConfig,
    latch: &Latch,
    drain: &CancellationToken,
) -> Result<bool, PrepareError> {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        let outcome = tokio::select! {
            outcome = StateStore::prepare(config) => outcome,
            () = drain.cancelled() => return Ok(false),
        };
        match outcome {
            Ok(()) => {
                latch.ready();
                return Ok(true);
            }
            Err(PrepareError::Away(error)) => latch.missing(format!("PostgreSQL is away: {error}")),
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_wait()) => {}
            () = drain.cancelled() => return Ok(false),
        }
    }
}

impl StateStore {
    /// Runs the migrations that are missing. Two projectors that start together take turns by an
    /// advisory lock; the record of what was run stands in the schema of the fold's version.
    pub async fn prepare(config: &PostgresConfig) -> Result<(), PrepareError> {
        let mut connection =
            config.unhurried_session(APPLICATION).connect().await.map_err(PrepareError::Away)?;
        let mut migrator: Migrator = sqlx::migrate!("./migrations/state_v1");
        migrator.dangerous_set_table_name(format!("{FOLD_VERSION}.migrations"));
        migrator.create_schema(FOLD_VERSION);
        let outcome = migrator.run_direct(None, &mut connection, false).await;
        // Closing also lets go of the lock when a migration failed.
        let closed = connection.close().await;
        outcome.map_err(prepare_error)?;
        closed.map_err(PrepareError::Away)
    }
}

fn prepare_error(error: MigrateError) -> PrepareError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if error.as_database_error().is_none() =>
        {
            PrepareError::Away(error)
        }
        error => PrepareError::Migrations(error),
    }
}
