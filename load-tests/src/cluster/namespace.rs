use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::unprepared::Statement;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use vendzz_schemas::topics;

use crate::installation::Installation;

const CLUSTER_TIMEOUT: Duration = Duration::from_secs(20);
const SCHEMA_TIMEOUT: Duration = Duration::from_secs(30);
/// The consumer groups of the projections and of fan-out.
const GROUPS: [&str; 3] = ["project.state", "project.analytics", "process.fanout"];

static MADE: AtomicU32 = AtomicU32::new(0);

/// Names that nobody else uses on the shared servers: a prefix of topics and groups, a database and a
/// keyspace. Everything under them is removed when it is dropped, also by a panic.
pub struct Namespace {
    name: String,
    servers: Installation,
}

impl Namespace {
    /// Makes the database; topics come with `vendzz topics apply`, the keyspace with its projector.
    pub(super) async fn make(servers: &Installation) -> anyhow::Result<Self> {
        let millis = chrono::Utc::now().timestamp_millis();
        let name = format!("test_{}_{millis}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let namespace = Self { name, servers: servers.clone() };
        let mut connection = namespace.connect_to_postgres().await?;
        let text = format!("CREATE DATABASE {}", namespace.name);
        sqlx::query(AssertSqlSafe(text)).execute(&mut connection).await?;
        Ok(namespace)
    }

    pub fn kafka_names(&self) -> topics::Namespace {
        topics::Namespace::new(format!("{}.", self.name))
    }

    pub fn keyspace(&self) -> &str {
        &self.name
    }

    pub fn postgres_url(&self) -> String {
        let url = &self.servers.postgres_url;
        let (server, _) = url.rsplit_once('/').unwrap_or((url, ""));
        format!("{server}/{}", self.name)
    }

    async fn connect_to_postgres(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect(&self.servers.postgres_url).await.context("PostgreSQL does not answer")
    }

    async fn remove(&self) -> Vec<anyhow::Error> {
        let outcomes = [
            self.remove_database().await,
            self.remove_keyspace().await,
            self.remove_topics().await,
            self.remove_subjects().await,
        ];
        outcomes.into_iter().filter_map(Result::err).collect()
    }

    async fn remove_database(&self) -> anyhow::Result<()> {
        let mut connection = self.connect_to_postgres().await?;
        let text = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        sqlx::query(AssertSqlSafe(text)).execute(&mut connection).await?;
        Ok(())
    }

    async fn remove_keyspace(&self) -> anyhow::Result<()> {
        let session = SessionBuilder::new().known_nodes(&self.servers.cql_nodes).build().await?;
        let mut statement = Statement::new(format!("DROP KEYSPACE IF EXISTS {}", self.name));
        statement.set_request_timeout(Some(SCHEMA_TIMEOUT));
        session.query_unpaged(statement, ()).await?;
        Ok(())
    }

    async fn remove_topics(&self) -> anyhow::Result<()> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.servers.kafka_bootstrap);
        let prefix = self.kafka_names().prefix().to_owned();
        let lister: BaseConsumer = config.create()?;
        let names = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<String>> {
            let metadata = lister.fetch_metadata(None, CLUSTER_TIMEOUT)?;
            let all = metadata.topics().iter().map(|topic| topic.name().to_owned());
            Ok(all.filter(|name| name.starts_with(&prefix)).collect())
        })
        .await??;
        let admin: AdminClient<DefaultClientContext> = config.create()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let options = AdminOptions::new().operation_timeout(Some(CLUSTER_TIMEOUT));
        for outcome in admin.delete_topics(&names, &options).await? {
            outcome.map_err(|(name, code)| anyhow::anyhow!("topic {name}: {code}"))?;
        }
        let groups = GROUPS.map(|group| self.kafka_names().name(group));
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        // A group that was never joined is not there, which is as well.
        let _ = admin.delete_groups(&groups, &options).await?;
        Ok(())
    }

    /// In two steps, as Confluent's API has it: marked as deleted, then gone.
    async fn remove_subjects(&self) -> anyhow::Result<()> {
        let http = reqwest::Client::new();
        let url = format!("{}/subjects", self.servers.registry_url);
        let subjects: Vec<String> = http.get(&url).send().await?.error_for_status()?.json().await?;
        let prefix = self.kafka_names().prefix().to_owned();
        for subject in subjects.iter().filter(|subject| subject.starts_with(&prefix)) {
            for query in ["", "?permanent=true"] {
                http.delete(format!("{url}/{subject}{query}")).send().await?.error_for_status()?;
            }
        }
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // A runtime of its own: this may be the unwinding of a panic, within another runtime.
        let errors = std::thread::scope(|scope| {
            let removing =
                scope.spawn(|| match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime.block_on(self.remove()),
                    Err(error) => vec![error.into()],
                });
            removing.join().unwrap_or_else(|_| vec![anyhow::anyhow!("a panic while removing")])
        });
        for error in errors {
            eprintln!("namespace {} could not be removed whole: {error:#}", self.name);
        }
    }
}
