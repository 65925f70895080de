use vendzz_runtime::config::Env;
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
            registry_url: env.value(
                "VENDZZ_REGISTRY_URL",
                "http://127.0.0.1:18081/apis/ccompat/v7".to_owned(),
                "schema registry, asked only for an id that schema.id.v1 lacks",
            ),
            crash_at: CrashAt::read(env, CRASH_POINTS),
        };
        env.expect_less(
            ("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", config.postgres.statement),
            ("VENDZZ_MAX_POLL_INTERVAL", config.kernel.max_poll_interval),
        );
        config
    }
}
