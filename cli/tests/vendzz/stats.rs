//! Events go through both projections, run here as the services run them, and come out as numbers.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{ConnectOptions, Executor};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vendzz_projections::analytics::cql::{connect, connect_when_up, drop_keyspace};
use vendzz_projections::analytics::{AnalyticsConfig, AnalyticsProjection, CqlConfig, Decoding};
use vendzz_projections::state::{PostgresConfig, StateProjection, StateStore, prepare_when_up};
use vendzz_projections::{analytics, state};
use vendzz_runtime::config::Env;
use vendzz_runtime::health::Health;
use vendzz_runtime::kernel::{self, KernelConfig};
use vendzz_runtime::service::Service;
use vendzz_runtime::tables::Tables;
use vendzz_schemas::events::{QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed};
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::{
    DLQ_ANALYTICS, DLQ_STATE, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION, QUIZ_VIEW,
};

use crate::installation::{Installation, registry_url};
use crate::sample::{QUIZ, definition, progressed, submitted, viewed, way};

const COUNTED_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn stats_are_those_of_the_log_once_both_projections_have_read_it() {
    let installation = Installation::set_up();
    let stores = TestStores::make().await;
    let before = stores.stats(&installation).expect(1);
    assert!(before.stderr.contains("the analytics projection is not set up in keyspace"), "{before:?}");

    let service = Service { health: Health::default(), drain: CancellationToken::new() };
    let projectors = tokio::spawn(run_projectors(installation.kafka.clone(), stores.env(), service.clone()));
    let views = installation.encoder::<QuizViewed>(QUIZ_VIEW);
    for partition in [0, 0, 3] {
        let value = views.encode(&viewed()).unwrap();
        installation.append(QUIZ_VIEW, partition, "k", Some(&value)).await;
    }
    let submissions = installation.encoder::<QuizSubmitted>(QUIZ_SUBMISSION);
    let (mut first, bot) = (submitted("human"), submitted("bot"));
    (first.elements, first.reported) = (way(&[("nome", 2_000), ("email", 400), ("fim", 60)]), 2);
    for event in [&first, &submitted("suspect"), &bot, &first] {
        let value = submissions.encode(event).unwrap();
        installation.append(QUIZ_SUBMISSION, 1, &event.response_id, Some(&value)).await;
    }
    let quizzes = installation.encoder::<QuizDefinition>(QUIZ_DEFINITION).encode(&definition()).unwrap();
    installation.append(QUIZ_DEFINITION, 0, QUIZ, Some(&quizzes)).await;
    let beacons = installation.encoder::<QuizProgressed>(QUIZ_PROGRESS);
    let opened = progressed(&first.response_id, 1, &[("nome", 700)], 0);
    let went_on = progressed(&first.response_id, 2, &[("nome", 2_000), ("email", 100)], 1);
    let other = progressed(&submitted("human").response_id, 1, &[("nome", 9_000), ("email", 1)], 0);
    let of_bot = QuizProgressed { bot_verdict: "bot".to_owned(), ..other.clone() };
    let of_bot = QuizProgressed { response_id: bot.response_id.clone(), ..of_bot };
    let broken = QuizProgressed { reported: 9, ..other.clone() };
    for event in [&opened, &went_on, &of_bot, &broken, &went_on, &other, &opened] {
        installation
            .append(QUIZ_PROGRESS, 2, &event.response_id, Some(&beacons.encode(event).unwrap()))
            .await;
    }
    let deadline = Instant::now() + COUNTED_WITHIN;
    let numbers = loop {
        assert!(!projectors.is_finished(), "{:?}", projectors.await);
        let ran = stores.stats(&installation);
        if ran.status == 0
            && ran.json()["views"] == 3
            && ran.json()["responses"] == 3
            && ran.json()["bots"] == 1
            && ran.json()["funnel"]["steps"].as_array().is_some_and(|steps| steps.len() == 4)
            && ran.json()["funnel"]["steps"][1]["reached"] == 2
            && ran.json()["funnel"]["steps"][0]["left"] == 1
        {
            break ran.json();
        }
        assert!(Instant::now() < deadline, "not counted in time: {ran:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!(numbers["submissions"], 2, "the resend counts once: {numbers}");
    for property in ["device", "country", "utm_source", "utm_medium", "utm_campaign"] {
        assert!(numbers["breakdowns"][property].is_object(), "{numbers}");
    }
    let mobile = &numbers["breakdowns"]["device"]["values"][0];
    assert_eq!((&mobile["value"], &mobile["views"]["count"]), (&"mobile".into(), &3.into()), "{numbers}");
    let steps: Vec<String> = numbers["funnel"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let number = |name: &str| step[name].to_string();
            let told = ["reached", "left", "stayed", "mean_millis"].map(number).join(" ");
            format!("{} {told}", step["element"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        steps,
        ["fim 1 1 0 60", "nome 2 2 0 5500", "nunca 0 0 0 null", "email 2 1 1 400"],
        "in the order of the document, each beacon once, without the bot's: {numbers}"
    );
    let table = stores.run(&installation, &["stats", QUIZ]).expect(0).stdout;
    let row = |what: &str| table.lines().find(|line| line.starts_with(what)).unwrap_or_default().to_owned();
    assert_eq!(row("responses").split_whitespace().collect::<Vec<_>>(), ["responses", "3", "PostgreSQL"]);
    assert!(!table.contains("behind"), "{table}");
    assert_eq!(row("nome").split_whitespace().collect::<Vec<_>>(), ["nome", "2", "2", "0", "5.5", "s"]);
    let nobody = installation.vendzz_with(
        &["stats", QUIZ],
        &[
            ("VENDZZ_CQL_KEYSPACE", &stores.cql.keyspace),
            ("VENDZZ_POSTGRES_URL", "postgres://vendzz@127.0.0.1:9/x"),
        ],
    );
    assert!(
        nobody.expect(69).stderr.contains("PostgreSQL at postgres://vendzz@127.0.0.1:9/x does not answer")
    );

    service.drain.cancel();
    projectors.await.unwrap().unwrap();
    let lags: Value = installation.vendzz(&["lag", "--json"]).expect(0).json();
    for group in lags.as_array().unwrap() {
        // Fan-out does not run here: the four submissions wait for it.
        let waiting = if group["group"].as_str().unwrap().ends_with("process.fanout") { 4 } else { 0 };
        assert_eq!(group["records"], waiting, "{lags}");
    }
    stores.remove().await;
}

/// What `vendzz-project-state` and `vendzz-project-analytics` do.
async fn run_projectors(
    kafka: vendzz_runtime::kafka::KafkaConfig,
    env: Env,
    service: Service,
) -> anyhow::Result<()> {
    let registry = RegistryClient::new(&registry_url())?;
    let postgres = PostgresConfig::read(&env);
    let analytics_config = AnalyticsConfig::read(&env);
    let state_kernel = KernelConfig::read(&env, state::GROUP, state::TOPICS.to_vec(), DLQ_STATE);
    let analytics_kernel =
        KernelConfig::read(&env, analytics::GROUP, analytics::TOPICS.to_vec(), DLQ_ANALYTICS);
    env.finish()?;
    let check_every = Duration::from_secs(1);
    let tables = Tables::follow(&kafka, check_every, service.drain.clone())?;
    let latch = service.health.latch("stores", "not set up");
    prepare_when_up(&postgres, &latch, &service.drain).await?;
    let Some(store) = connect_when_up(&analytics_config.cql, &latch, &service.drain).await else {
        return Ok(());
    };
    tables.caught_up().await;
    let names = kafka.namespace.clone();
    let state = StateProjection::new(
        names.clone(),
        StateStore::new(&postgres),
        tables.schema_ids.clone(),
        registry.clone(),
    );
    let decoding = Decoding { schema_ids: tables.schema_ids, registry };
    let analytics = AnalyticsProjection::new(store, analytics_config, names, decoding);
    let (state, analytics) = tokio::join!(
        kernel::run(state_kernel, &kafka, tables.epochs.clone(), state, service.clone()),
        kernel::run(analytics_kernel, &kafka, tables.epochs.clone(), analytics, service.clone()),
    );
    state.and(analytics)
}

/// A database and a keyspace of their own.
struct TestStores {
    cql: CqlConfig,
    server: String,
    database: String,
}

impl TestStores {
    async fn make() -> Self {
        let name = format!("cli_test_{}", Uuid::now_v7().simple());
        let node = std::env::var("VENDZZ_CQL_NODES").unwrap_or_else(|_| "127.0.0.1:19042".to_owned());
        let server = std::env::var("VENDZZ_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://vendzz@127.0.0.1:15432/vendzz".to_owned());
        let stores = Self { cql: CqlConfig::local(&node, &name), server, database: name };
        stores.on_server(format!("CREATE DATABASE {}", stores.database)).await;
        stores
    }

    fn postgres_url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').unwrap();
        format!("{before}/{}", self.database)
    }

    fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("VENDZZ_CQL_NODES", self.cql.nodes.join(",")),
            ("VENDZZ_CQL_KEYSPACE", self.cql.keyspace.clone()),
            ("VENDZZ_POSTGRES_URL", self.postgres_url()),
            ("VENDZZ_FLUSH_EVERY", "200ms".to_owned()),
        ]
    }

    fn env(&self) -> Env {
        Env::of(self.variables().map(|(name, value)| (name.to_owned(), value)))
    }

    fn run(&self, installation: &Installation, arguments: &[&str]) -> crate::installation::Ran {
        let variables = self.variables();
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        installation.vendzz_with(arguments, &variables)
    }

    fn stats(&self, installation: &Installation) -> crate::installation::Ran {
        self.run(installation, &["stats", QUIZ, "--json"])
    }

    async fn remove(self) {
        let session = connect(&self.cql).await.unwrap();
        drop_keyspace(&session, &self.cql.keyspace).await.unwrap();
        self.on_server(format!("DROP DATABASE {} WITH (FORCE)", self.database)).await;
    }

    async fn on_server(&self, sql: String) {
        let options: sqlx::postgres::PgConnectOptions = self.server.parse().unwrap();
        options.connect().await.unwrap().execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    }
}
