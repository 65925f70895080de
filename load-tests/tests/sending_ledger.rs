//! What the reckoning of sending reads of PostgreSQL, in a database of its own under the connectors' own migrations. The
//! servers run (`infra/local/stack up`).

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vendzz_load_tests::follow_up::ExpectedSend;
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::providers::{Credentials, Faults, Simulator, SimulatorSettings, hash_of_recipient};
use vendzz_load_tests::sending::{SendingBaseline, SendingReckoner, SendingSettings, Unsent};

const BEGAN: i64 = 0x01a0_541a_3000;
const TO: &str = "+5511999990000";

/// A database that goes with the test.
struct OwnDatabase {
    server: String,
    name: String,
}

impl OwnDatabase {
    async fn create(server: &str) -> Self {
        let name = format!("sending_ledger_{}", Uuid::new_v4().simple());
        run(server, &format!("CREATE DATABASE {name}")).await;
        Self { server: server.to_owned(), name }
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server.rsplit_once('/').unwrap().0, self.name)
    }

    async fn remove(self) {
        run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.unwrap();
}

async fn migrated(database: &OwnDatabase) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/migrations/sending");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut statements = "CREATE SCHEMA IF NOT EXISTS sending;".to_owned();
    for file in files {
        statements += &std::fs::read_to_string(file).unwrap();
    }
    statements += "CREATE TABLE sending.message_ledger_week PARTITION OF sending.message_ledger
        FOR VALUES FROM ('019f541a-3000-0000-0000-000000000000') TO ('01c0541a-3000-0000-0000-000000000000');";
    run(&database.url(), &statements).await;
}

/// A message of the millisecond after `BEGAN` by so many.
fn id(after: i64, number: u128) -> Uuid {
    Uuid::from_u128(((BEGAN + after) as u128) << 80 | 0x8000_8000_0000_0000_0000 | number)
}

fn row(id: Uuid, channel: &str, quiz: &str, state: &str, report: Option<&str>, events: i32) -> String {
    let (token, lease) = match state {
        "leased" | "sending" => (format!("'{id}'"), "now() + interval '1 minute'"),
        _ => ("NULL".to_owned(), "NULL"),
    };
    let report = report.map_or("NULL".to_owned(), |report| format!("'{report}'"));
    let later = if events < 0 { "1 hour" } else { "0" };
    let events = events.max(0);
    format!(
        "INSERT INTO sending.message_ledger (message_id, channel, account_id, quiz_id, response_id, campaign_id, revision,
         step_id, recipient, sender_pool, unless_finished, message, due_at, late_from, not_before, state, token,
         lease_until, report, events, reason)
         VALUES ('{id}', '{channel}', 'c', '{quiz}', '{id}', 'k-{channel}', 'r', 's', '{TO}', 'p', false, '{{}}', now(), now(),
         now() + interval '{later}', '{state}', {token}, {lease}, {report}, {events}, 'because');"
    )
}

async fn simulator(stop: CancellationToken) -> std::net::SocketAddr {
    let settings = SimulatorSettings {
        address: "127.0.0.1:0".parse().unwrap(),
        control: None,
        journal: None,
        credentials: Credentials::open(),
        meta_webhook: None,
        faults: Faults::default(),
        seed: 1,
    };
    let simulator = Simulator::bind(settings, stop).await.unwrap();
    let address = simulator.address().unwrap();
    tokio::spawn(simulator.run());
    address
}

#[tokio::test]
async fn what_is_unsent_and_what_stands_in_the_ledger_is_read() {
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    let servers = Installation::of_servers_in_env().unwrap();
    let database = OwnDatabase::create(&servers.postgres_url).await;
    migrated(&database).await;
    let older = id(-5, 9);
    let rows = [
        row(id(1, 1), "sms", "q", "waiting", None, 0),
        row(id(1, 2), "sms", "q", "waiting", None, -1),
        row(id(1, 3), "voice", "q", "waiting", None, 0),
        row(id(1, 4), "email", "q", "sending", None, 0),
        row(id(1, 5), "whatsapp", "q", "sent", Some("read"), 4),
        row(id(1, 6), "sms", "of-others", "waiting", None, 0),
        row(older, "sms", "q", "failed", None, 1),
        "INSERT INTO sending.campaigns VALUES ('k-voice', 'c', 'paused', 'r', 1, 1);".to_owned(),
        "INSERT INTO sending.campaign_tallies VALUES ('k-whatsapp', 'whatsapp', 'sent', 0, 3),
         ('k-whatsapp', 'whatsapp', 'sent', 1, -2), ('k-whatsapp', 'whatsapp', 'delivered', 0, 0),
         ('k-of-others', 'sms', 'sent', 0, 9);"
            .to_owned(),
        format!(
            "INSERT INTO sending.delivery_events VALUES ('{}', 1, '{{}}', now(), NULL),
                 ('{}', 2, '{{}}', now(), now()), ('{older}', 1, '{{}}', now(), NULL);",
            id(1, 5),
            id(1, 5)
        ),
    ];
    run(&database.url(), &rows.concat()).await;

    let installation = Installation { postgres_url: database.url(), ..servers };
    let folder = tempfile::tempdir().unwrap();
    let settings = SendingSettings {
        simulator: simulator(stop).await,
        simulator_journal: folder.path().join("none"),
        smtp_journal: folder.path().join("none"),
    };
    let reckoner = SendingReckoner::connect(&installation, settings).await.unwrap();
    let baseline =
        SendingBaseline { began_at_ms: BEGAN, quizzes: vec!["q".to_owned()], ..SendingBaseline::default() };
    let expected = [id(1, 1), id(1, 2), id(1, 3), id(1, 4), id(1, 5), id(1, 77), older].map(|message_id| {
        ExpectedSend { message_id, channel: "sms".to_owned(), campaign_id: "k-sms".to_owned() }
    });
    let unsent = reckoner.unsent(&baseline, &expected).await.unwrap();
    assert_eq!(
        unsent,
        Unsent {
            in_ledger: 5,
            not_taken_in: 1,
            // What a paused campaign holds back, what is due later and what is somebody else's is left out.
            due: [("sms".to_owned(), 1)].into(),
            in_flight: 1,
            unpublished: 1,
            reports_waiting: 0,
        }
    );
    let left = reckoner.wait(&baseline, &expected, Duration::from_millis(600), |_| {}).await.unwrap();
    assert_eq!(left, unsent, "it gives up after its patience, and says what is left");

    let (ledger, tallies) = reckoner.ledger(&baseline, &[older]).await.unwrap();
    assert_eq!(ledger.len(), 6, "{ledger:#?}");
    let read = &ledger[&id(1, 5)];
    assert_eq!((read.state.as_str(), read.report.as_deref(), read.events), ("sent", Some("read"), 4));
    assert_eq!((read.to_hash.as_str(), read.reason.as_str()), (hash_of_recipient(TO).as_str(), "because"));
    assert!(ledger[&id(1, 1)].is_due && !ledger[&id(1, 2)].is_due);
    assert!(ledger[&id(1, 3)].is_held && !ledger[&id(1, 1)].is_held);
    assert_eq!(ledger[&older].state, "failed");
    let key = |what: &str| ("k-whatsapp".to_owned(), "whatsapp".to_owned(), what.to_owned());
    assert_eq!(tallies.tallied, [(key("sent"), 1)].into(), "shards are added up, zeros left out");
    assert_eq!((tallies.counted[&key("sent")], tallies.counted[&key("read")]), (1, 1));
    let sms = |what: &str| ("k-sms".to_owned(), "sms".to_owned(), what.to_owned());
    assert_eq!(tallies.counted[&sms("taken_in")], 4, "of all time and all quizzes");
    drop(reckoner);
    database.remove().await;
}
