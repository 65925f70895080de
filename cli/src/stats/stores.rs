use anyhow::anyhow;
use vendzz_projections::analytics::CqlConfig;
use vendzz_projections::analytics::DAY_MS;
use vendzz_projections::analytics::cql::CqlError;
use vendzz_projections::analytics::read::{FIRST_MS, Reader};
use vendzz_projections::state::{PostgresConfig, ReadError, ReadPool, ReplicaConfig, StateReader};
use vendzz_runtime::config::Env;

use super::QuizStats;
use crate::clock::now_ms;
use crate::exit::Away;

/// Where both stores are.
pub(crate) struct StoreSettings {
    cql: CqlConfig,
    postgres: PostgresConfig,
    replica: Option<ReplicaConfig>,
}

impl StoreSettings {
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            cql: CqlConfig::read(env),
            postgres: PostgresConfig::read(env),
            replica: ReplicaConfig::read(env),
        }
    }
}

pub(crate) struct Stores {
    settings: StoreSettings,
    analytics: Reader,
    state: ReadPool,
}

impl Stores {
    pub(crate) async fn connect(settings: StoreSettings) -> anyhow::Result<Self> {
        let analytics =
            Reader::connect(&settings.cql).await.map_err(|error| cql_failed(&settings.cql, error))?;
        let state = ReadPool::new(&settings.postgres, settings.replica.as_ref());
        Ok(Self { settings, analytics, state })
    }

    pub(crate) async fn read(&self, quiz: &str) -> anyhow::Result<QuizStats> {
        let counted = self.analytics.summary(quiz, now_ms()).await;
        let counted = counted.map_err(|error| cql_failed(&self.settings.cql, error))?;
        let of_state = self.of_state(quiz).await;
        let (responses, elements) =
            of_state.map_err(|error| postgres_failed(&self.settings.postgres, error))?;
        let funnel = self.analytics.funnel(quiz, FIRST_MS, now_ms() + DAY_MS, &elements).await;
        let funnel = funnel.map_err(|error| cql_failed(&self.settings.cql, error))?;
        Ok(QuizStats { quiz: quiz.to_owned(), counted, responses, funnel })
    }

    /// How many responses there are, and the quiz's elements in their order.
    async fn of_state(&self, quiz: &str) -> Result<(u64, Vec<String>), ReadError> {
        let reader = StateReader::live(self.state.any().await).await?;
        Ok((reader.count_responses(quiz).await?, reader.element_ids(quiz).await?))
    }
}

fn cql_failed(config: &CqlConfig, error: CqlError) -> anyhow::Error {
    let silent = match &error {
        CqlError::Connect(_) | CqlError::Read(_) => true,
        // A node that answers, and does not know the tables.
        CqlError::Prepare(_) => !is_unknown_table(&error.to_string()),
        _ => false,
    };
    if silent {
        return Away {
            part: "the CQL store",
            address: config.nodes.join(","),
            detail: error.to_string(),
            advice: "start it (`make up` starts the local one), or set VENDZZ_CQL_NODES",
        }
        .into();
    }
    let what = format!(
        "the analytics projection is not set up in keyspace {}: has its projector ever run?",
        config.keyspace
    );
    anyhow!(error).context(what)
}

fn is_unknown_table(text: &str) -> bool {
    text.contains("does not exist") || text.contains("unconfigured table")
}

fn postgres_failed(config: &PostgresConfig, error: ReadError) -> anyhow::Error {
    let silent = matches!(
        &error,
        ReadError::Postgres(
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_)
        )
    );
    if !silent {
        return anyhow!(error).context("the state projection cannot be read");
    }
    Away {
        part: "PostgreSQL",
        address: config.url.to_string(),
        detail: error.to_string(),
        advice: "start it (`make up` starts the local one), or set VENDZZ_POSTGRES_URL",
    }
    .into()
}
