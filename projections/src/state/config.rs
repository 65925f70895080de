use vendzz_runtime::config::{Env, registry_url};
use vendzz_runtime::crash_point::CrashAt;
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_runtime::kernel::KernelConfig;
use vendzz_runtime::postgres::PostgresConfig;
use vendzz_schemas::topics::DLQ_STATE;

use super::{CRASH_POINTS, GROUP, TOPICS};

/// The state projector's settings.
#[derive(Debug, Clone)]
pub struct StateConfig {
    pub kafka: KafkaConfig,
    pub kernel: KernelConfig,
    pub postgres: PostgresConfig,
    pub registry_url: String,
    pub crash_at: Option<CrashAt>,
}

impl StateConfig {
    pub fn read(env: &Env) -> Self {
        let topics = TOPICS.to_vec();
        let config = Self {
            kafka: KafkaConfig::read(env),
            kernel: KernelConfig::read(env, GROUP, topics, DLQ_STATE),
            postgres: PostgresConfig::read(env),
            registry_url: registry_url(env),
            crash_at: CrashAt::read(env, CRASH_POINTS),
        };
        env.expect_less(
            ("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", config.postgres.statement),
            ("VENDZZ_MAX_POLL_INTERVAL", config.kernel.max_poll_interval),
        );
        config
    }
}
