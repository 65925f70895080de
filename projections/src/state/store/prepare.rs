use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::Latch;
use vendzz_runtime::postgres::{PostgresConfig, PrepareError, prepare_schema, when_up};

use super::{APPLICATION, StateStore};
use crate::state::FOLD_VERSION;

/// Makes the tables ready as soon as PostgreSQL lets it; `false` when the drain came first.
pub async fn prepare_when_up(
    config: &PostgresConfig,
    latch: &Latch,
    drain: &CancellationToken,
) -> Result<bool, PrepareError> {
    when_up(|| StateStore::prepare(config), latch, drain).await
}

impl StateStore {
    /// Runs the migrations that are missing, in the schema of the fold's version.
    pub async fn prepare(config: &PostgresConfig) -> Result<(), PrepareError> {
        prepare_schema(config, APPLICATION, FOLD_VERSION, sqlx::migrate!("./migrations/state_v1")).await
    }
}
