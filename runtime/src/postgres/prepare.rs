use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;

use super::PostgresConfig;
use crate::health::Latch;
use crate::kernel::Backoff;

/// Between two looks for what another service makes.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Why tables could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Worth trying again.
    #[error("PostgreSQL is away: {0}")]
    Away(sqlx::Error),
    #[error("the migrations of {schema} cannot be run: {source}")]
    Migrations { schema: &'static str, source: MigrateError },
}

/// Runs the migrations of a PostgreSQL schema that are missing. Two services that start together take turns
/// by an advisory lock; the record of what was run stands in the schema itself.
pub async fn prepare_schema(
    config: &PostgresConfig,
    application: &str,
    schema: &'static str,
    mut migrator: Migrator,
) -> Result<(), PrepareError> {
    let mut connection = config.unhurried_session(application).connect().await.map_err(PrepareError::Away)?;
    migrator.dangerous_set_table_name(format!("{schema}.migrations"));
    migrator.create_schema(schema);
    let outcome = migrator.run_direct(None, &mut connection, false).await;
    // Closing also lets go of the lock when a migration failed.
    let closed = connection.close().await;
    outcome.map_err(|error| prepare_error(schema, error))?;
    closed.map_err(PrepareError::Away)
}

/// Prepares as soon as PostgreSQL lets it; `false` when the drain came first. The latch says what is missing
/// meanwhile, and is released at the end.
pub async fn when_up<F>(
    mut prepare: impl FnMut() -> F,
    latch: &Latch,
    drain: &CancellationToken,
) -> Result<bool, PrepareError>
where
    F: Future<Output = Result<(), PrepareError>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    loop {
        let outcome = tokio::select! {
            outcome = prepare() => outcome,
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

/// Waits until what another service makes is there. The latch says what is missing meanwhile, and is released at the end.
pub async fn when_made<F>(mut is_made: impl FnMut() -> F, latch: &Latch, missing: &str)
where
    F: Future<Output = sqlx::Result<bool>>,
{
    loop {
        match is_made().await {
            Ok(true) => return latch.ready(),
            Ok(false) => latch.missing(missing),
            Err(error) => latch.missing(format!("PostgreSQL is away: {error}")),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn prepare_error(schema: &'static str, error: MigrateError) -> PrepareError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if error.as_database_error().is_none() =>
        {
            PrepareError::Away(error)
        }
        source => PrepareError::Migrations { schema, source },
    }
}
