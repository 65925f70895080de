//! `vendzz-project-analytics`: folds views, beacons and submissions into the CQL store's counts.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use vendzz_projections::analytics::cql::connect_when_up;
use vendzz_projections::analytics::{
    AnalyticsConfig, AnalyticsProjection, CRASH_POINTS, Decoding, GROUP, TOPICS,
};
use vendzz_runtime::config::{Env, registry_url};
use vendzz_runtime::crash_point::CrashAt;
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_runtime::kernel::{self, KernelConfig};
use vendzz_runtime::service::{self, Identity, Service};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

const IDENTITY: Identity = Identity {
    name: "vendzz-project-analytics",
    about: "folds views, beacons and submissions into counts in ScyllaDB or Cassandra",
    private_port: 9467,
    drain_deadline: Duration::from_secs(15),
};

struct Config {
    kafka: KafkaConfig,
    registry_url: String,
    kernel: KernelConfig,
    analytics: AnalyticsConfig,
    crash_at: Option<CrashAt>,
}

impl Config {
    fn read(env: &Env) -> Self {
        Self {
            kafka: KafkaConfig::read(env),
            registry_url: registry_url(env),
            kernel: KernelConfig::read(env, GROUP, TOPICS.to_vec(), topics::DLQ_ANALYTICS),
            analytics: AnalyticsConfig::read(env),
            crash_at: CrashAt::read(env, &CRASH_POINTS),
        }
    }
}

fn main() -> ExitCode {
    service::run(IDENTITY, Config::read, run)
}

async fn run(config: Config, service: Service) -> anyhow::Result<()> {
    if let Some(crash_at) = config.crash_at {
        crash_at.arm();
    }
    let tables_latch = Tables::latch(&service.health);
    let cql_latch = service.health.latch("cql", "not connected");
    let registry = RegistryClient::new(&config.registry_url).context("VENDZZ_REGISTRY_URL")?;
    let tables = Tables::follow(&config.kafka, Tables::CHECK_EVERY, service.drain.clone())?;
    let Some(store) = connect_when_up(&config.analytics.cql, &cql_latch, &service.drain).await else {
        return Ok(());
    };
    tokio::select! {
        () = tables.caught_up() => tables_latch.ready(),
        () = service.drain.cancelled() => return Ok(()),
    }
    let decoding = Decoding { schema_ids: tables.schema_ids, registry };
    let projection =
        AnalyticsProjection::new(store, config.analytics, config.kafka.namespace.clone(), decoding);
    kernel::run(config.kernel, &config.kafka, tables.epochs, projection, service).await
}
