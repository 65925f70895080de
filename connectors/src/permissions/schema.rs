use vendzz_runtime::postgres::{PostgresConfig, PrepareError, prepare_schema};

/// The PostgreSQL schema of the ledger, of permissions and of all that is decided by them.
pub const SCHEMA: &str = "sending";

/// Runs the migrations of [`SCHEMA`] that are missing.
pub async fn prepare(config: &PostgresConfig) -> Result<(), PrepareError> {
    prepare_schema(config, "vendzz-sending", SCHEMA, sqlx::migrate!("./migrations/sending")).await
}
