use std::process::Command;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};
use vendzz_runtime::kafka::KafkaConfig;
use vendzz_schemas::topics::CATALOGUE;

use super::log::Log;
use super::process::{Process, abandonment_binary};

/// Topics and a database of their own on the shared servers.
pub(crate) struct Installation {
    /// Also the database's name, but for the dot.
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
        let name = format!("test_abandonment_{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        let prefix = format!("{name}.");
        let mut server = connect(&server_url()).await;
        server.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let made = prefix.clone();
        tokio::task::spawn_blocking(move || {
            vendzz(&made, &["schemas", "register"]);
            vendzz(&made, &["topics", "apply", "--yes"]);
        })
        .await
        .unwrap();
        let log = Log::open(KafkaConfig::local(&kafka_address(), &prefix)).await;
        Self { prefix, log }
    }

    fn database(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    pub(crate) fn postgres_url(&self) -> String {
        url_of(self.database())
    }

    /// The state projector, as it is built beside the program under test.
    pub(crate) async fn projector(&self) -> Process {
        let program = abandonment_binary().with_file_name("vendzz-project-state");
        let projector = Process::spawn(&program, &self.env(&[("VENDZZ_BATCH_LINGER", "20ms")]));
        projector.wait_until_ready().await;
        projector
    }

    /// An abandonment processor that looks often and waits five minutes, unless `env` says otherwise.
    pub(crate) async fn abandonment(&self, env: &[(&str, &str)]) -> Process {
        let process = self.spawn_abandonment(env);
        process.wait_until_ready().await;
        process
    }

    pub(crate) fn spawn_abandonment(&self, env: &[(&str, &str)]) -> Process {
        let usual = [("VENDZZ_ABANDON_AFTER", "5m"), ("VENDZZ_ABANDON_SWEEP", "100ms")];
        let mut env = self.env(&[&usual, env].concat());
        // A fault planted in a build with `planted-faults`, by which somebody sees these tests fail.
        if let Ok(planted) = std::env::var("VENDZZ_PLANT") {
            env.push(("VENDZZ_PLANT".to_owned(), planted));
        }
        Process::spawn(abandonment_binary(), &env)
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

    async fn connect(&self) -> PgConnection {
        connect(&self.postgres_url()).await
    }

    /// One value of one row.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }

    pub(crate) async fn partial_responses(&self) -> i64 {
        self.value("SELECT count(*) FROM state_v1.partial_responses").await
    }

    /// In the order of the responses.
    pub(crate) async fn decisions(&self) -> Vec<Decision> {
        let sql = "SELECT response_id::text, outcome, published_at IS NOT NULL AS is_published
            FROM abandonment_v1.decisions ORDER BY response_id";
        sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }
}

impl Drop for Installation {
    /// Of its own accord nothing goes; what cannot be removed now does no harm.
    fn drop(&mut self) {
        let (prefix, database) = (self.prefix.clone(), self.database().to_owned());
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
                connect(&server_url()).await.execute(AssertSqlSafe(drop)).await.unwrap();
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

async fn connect(url: &str) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    options.connect().await.expect("the tests need the local stack: infra/local/stack up")
}

pub(crate) fn server_url() -> String {
    std::env::var("VENDZZ_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://vendzz@127.0.0.1:15432/vendzz".to_owned())
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (before, _) = server.rsplit_once('/').expect("a URL names its database behind a slash");
    format!("{before}/{database}")
}

fn kafka_address() -> String {
    std::env::var("VENDZZ_KAFKA_BOOTSTRAP").unwrap_or_else(|_| "127.0.0.1:19092".to_owned())
}

fn registry_url() -> String {
    let url = std::env::var("VENDZZ_REGISTRY_URL");
    url.unwrap_or_else(|_| "http://127.0.0.1:18081/apis/ccompat/v7".to_owned())
}

fn vendzz(prefix: &str, arguments: &[&str]) {
    let program = abandonment_binary().with_file_name("vendzz");
    assert!(program.exists(), "not built: run `cargo build --workspace --bins` in the same profile");
    let output = Command::new(program)
        .args(arguments)
        .env("VENDZZ_PROFILE", "local")
        .env("VENDZZ_KAFKA_PREFIX", prefix)
        .env("VENDZZ_KAFKA_BOOTSTRAP", kafka_address())
        .env("VENDZZ_REGISTRY_URL", registry_url())
        .output()
        .unwrap();
    assert!(output.status.success(), "vendzz {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
