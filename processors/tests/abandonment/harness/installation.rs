use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_schemas::topics::CATALOGUE;
use vendzz_test_support::{Database, Process, kafka_address, make_topics, registry_url};

use super::log::Log;
use super::process::{Abandonment, abandonment_binary};

/// Topics and a database of their own on the shared servers.
pub(crate) struct Installation {
    database: Database,
    /// The database's name and a dot.
    prefix: String,
    pub(crate) log: Log,
}

/// A row of `decisions`.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct Decision {
    pub(crate) response_id: String,
    pub(crate) outcome: String,
    pub(crate) is_published: bool,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let database = Database::new("abandonment").await;
        let prefix = format!("{}.", database.name());
        let made = prefix.clone();
        tokio::task::spawn_blocking(move || make_topics(abandonment_binary(), &made)).await.unwrap();
        let log = Log::open(KafkaConfig::local(&kafka_address(), &prefix)).await;
        Self { database, prefix, log }
    }

    pub(crate) fn postgres_url(&self) -> String {
        self.database.url()
    }

    /// The state projector, as it is built beside the program under test.
    pub(crate) async fn projector(&self) -> Process {
        let program = abandonment_binary().with_file_name("vendzz-project-state");
        let projector = Process::spawn(program, self.env(&[("VENDZZ_BATCH_LINGER", "20ms")]));
        projector.wait_until_ready().await;
        projector
    }

    /// An abandonment processor that looks often and waits five minutes, unless `env` says otherwise.
    pub(crate) async fn abandonment(&self, env: &[(&str, &str)]) -> Abandonment {
        let process = self.spawn_abandonment(env);
        process.wait_until_ready().await;
        process
    }

    pub(crate) fn spawn_abandonment(&self, env: &[(&str, &str)]) -> Abandonment {
        let usual = [("VENDZZ_ABANDON_AFTER", "5m"), ("VENDZZ_ABANDON_SWEEP", "100ms")];
        // A fault planted in a build with `planted-faults`, by which somebody sees these tests fail.
        let planted = std::env::var("VENDZZ_PLANT").ok();
        let planted = planted.as_deref().map(|planted| ("VENDZZ_PLANT", planted));
        let all: Vec<(&str, &str)> = usual.iter().chain(&planted).chain(env).copied().collect();
        Abandonment(Process::spawn(abandonment_binary(), self.env(&all)))
    }

    fn env(&self, env: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut all = vec![
            ("VENDZZ_KAFKA_BOOTSTRAP".to_owned(), kafka_address()),
            ("VENDZZ_KAFKA_PREFIX".to_owned(), self.prefix.clone()),
            ("VENDZZ_REGISTRY_URL".to_owned(), registry_url()),
            ("VENDZZ_POSTGRES_URL".to_owned(), self.postgres_url()),
            ("VENDZZ_PRIVATE_ADDR".to_owned(), "127.0.0.1:0".to_owned()),
        ];
        all.extend(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        all
    }

    /// One value of one row.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        self.database.value(sql).await
    }

    pub(crate) async fn partial_responses(&self) -> i64 {
        self.value("SELECT count(*) FROM state_v1.partial_responses").await
    }

    /// In the order of the responses.
    pub(crate) async fn decisions(&self) -> Vec<Decision> {
        let sql = "SELECT response_id::text, outcome, published_at IS NOT NULL AS is_published
            FROM abandonment_v1.decisions ORDER BY response_id";
        sqlx::query_as(sql).fetch_all(&mut self.database.connect().await).await.unwrap()
    }
}

impl Drop for Installation {
    /// Of its own accord nothing goes; what cannot be removed now does no harm.
    fn drop(&mut self) {
        let prefix = self.prefix.clone();
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let kafka = KafkaConfig::local(&kafka_address(), &prefix);
                let admin: AdminClient<DefaultClientContext> = kafka.client("test").create().unwrap();
                let names: Vec<String> = CATALOGUE.iter().map(|topic| kafka.name(topic.name)).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
                admin.delete_topics(&names, &options).await.unwrap();
            });
        });
        let _ = removing.join();
    }
}
