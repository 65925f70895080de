//! `vendzz-project-state`: folds quizzes, submissions, partial responses and leads into rows in PostgreSQL.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use vendzz_projections::state::{StateConfig, StateProjection, StateStore, prepare_when_up};
use vendzz_runtime::kernel;
use vendzz_runtime::service::{self, Identity, Service};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::registry::RegistryClient;

const IDENTITY: Identity = Identity {
    name: "vendzz-project-state",
    about: "folds quizzes, submissions, partial responses and leads into rows in PostgreSQL",
    private_port: 9466,
    drain_deadline: Duration::from_secs(15),
};

fn main() -> ExitCode {
    service::run(IDENTITY, StateConfig::read, run)
}

async fn run(config: StateConfig, service: Service) -> anyhow::Result<()> {
    if let Some(crash_at) = config.crash_at {
        crash_at.arm();
    }
    let tables_latch = Tables::latch(&service.health);
    let postgres_latch = service.health.latch("postgres", "the tables are not prepared");
    let registry = RegistryClient::new(&config.registry_url).context("VENDZZ_REGISTRY_URL")?;
    let tables = Tables::follow(&config.kafka, Tables::CHECK_EVERY, service.drain.clone())?;
    if !prepare_when_up(&config.postgres, &postgres_latch, &service.drain).await? {
        return Ok(());
    }
    tokio::select! {
        () = tables.caught_up() => tables_latch.ready(),
        () = service.drain.cancelled() => return Ok(()),
    }
    let store = StateStore::new(&config.postgres);
    let projection = StateProjection::new(config.kafka.namespace.clone(), store, tables.schema_ids, registry);
    kernel::run(config.kernel, &config.kafka, tables.epochs, projection, service).await
}
