//! How fast the state projection writes: rows a second into PostgreSQL, by size of the batch, with
//! decoding, folding and everything that a batch costs. Needs the local stack.
//!
//! `cargo bench -p vendzz-projections --bench state`

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection, Executor};
use vendzz_projections::state::{PostgresConfig, StateProjection, StateStore};
use vendzz_runtime::kernel::{Batch, Fold, Projection, Record, ResumePoint, Source};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{AnswerValue, AvroEvent, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::registry::{RegistryClient, SchemaId};
use vendzz_schemas::topics::{Namespace, QUIZ_SUBMISSION};

const SCHEMA: u32 = 1;
const RECORDS: usize = 40_000;

#[tokio::main]
async fn main() {
    let server = std::env::var("VENDZZ_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://vendzz@127.0.0.1:15432/vendzz".to_owned());
    let (before, _) = server.rsplit_once('/').expect("a URL names its database behind a slash");
    let name = format!("state_bench_{}", uuid::Uuid::now_v7().simple());
    run(&server, format!("CREATE DATABASE {name}")).await;
    let config = PostgresConfig::at(format!("{before}/{name}").parse().expect("a URL"));
    StateStore::prepare(&config).await.expect("the migrations run");

    let records = log();
    let bytes: usize = records.iter().map(|record| record.value.as_ref().map_or(0, Vec::len)).sum();
    println!(
        "{} records of {} bytes, 12 answers each; one partition, one at a time",
        RECORDS,
        bytes / RECORDS
    );
    println!("{:>10} {:>10} {:>12} {:>12}", "batch", "rows/s", "p50 ms", "p99 ms");
    let projection = projection(&config);
    for (partition, size) in [1, 10, 100, 1_000, 5_000].into_iter().enumerate() {
        run(&format!("{before}/{name}"), "TRUNCATE state_v1.quiz_responses".to_owned()).await;
        fold(&projection, partition as i32, &records[..records.len().min(size * 400)], size).await;
    }
    run(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn fold(projection: &StateProjection, partition: i32, records: &[Record], size: usize) {
    let source = Source { topic: QUIZ_SUBMISSION.to_owned(), incarnation: "bench".to_owned(), partition };
    let mut fold = projection.open(&source).await.expect("PostgreSQL answers").fold;
    let mut took: Vec<Duration> = Vec::new();
    let began = Instant::now();
    for records in records.chunks(size) {
        let last = records.last().expect("chunks are not empty");
        let through = ResumePoint { offset: last.offset, max_append_ms: last.append_ms, hash: last.hash() };
        let started = Instant::now();
        fold.apply(&Batch::new(records, &[], through)).await.expect("the batch is written");
        took.push(started.elapsed());
    }
    let rows_a_second = records.len() as f64 / began.elapsed().as_secs_f64();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!("{size:>10} {rows_a_second:>10.0} {:>12.2} {:>12.2}", at(0.5), at(0.99));
}

async fn run(url: &str, sql: String) {
    let options: sqlx::postgres::PgConnectOptions = url.parse().expect("a URL");
    let mut connection =
        options.connect().await.expect("the bench needs the local stack: infra/local/stack up");
    connection.execute(sqlx::AssertSqlSafe(sql)).await.expect("the statement runs");
    connection.close().await.expect("the connection closes");
}

fn projection(config: &PostgresConfig) -> StateProjection {
    let schema_ids = SchemaIds::default();
    let schema = QuizSubmitted::SCHEMA.to_owned();
    schema_ids.insert(SchemaId { id: SCHEMA, subject: String::new(), version: 1, schema });
    let registry = RegistryClient::new("http://127.0.0.1:1").expect("a client");
    StateProjection::new(Namespace::default(), StateStore::new(config), schema_ids, registry)
}

fn log() -> Vec<Record> {
    let encoder = Encoder::<QuizSubmitted>::new(SCHEMA).expect("the schema is good");
    (0..RECORDS)
        .map(|number| {
            let event = submission(number as u64);
            let value = Some(encoder.encode(&event).expect("the event is encodable"));
            let append_ms = event.received_at + 2;
            Record { offset: number as i64, append_ms, key: Vec::new(), value, headers: Vec::new() }
        })
        .collect()
}

/// A response with 12 answers, a millisecond after the one before.
fn submission(number: u64) -> QuizSubmitted {
    let minted_at = 1_767_225_600_000 + number;
    let mut random = [7; 10];
    random[2..].copy_from_slice(&(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes());
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    let mut answers: BTreeMap<String, AnswerValue> = (0..7)
        .map(|question| (format!("pergunta_{question}"), text("uma resposta de tamanho médio")))
        .collect();
    answers.insert("aceite".to_owned(), AnswerValue::Bool(true));
    answers.insert("idade".to_owned(), AnswerValue::Long(41));
    answers.insert("peso".to_owned(), AnswerValue::Double(82.5));
    answers.insert("metas".to_owned(), AnswerValue::List(vec!["dormir".into(), "correr".into()]));
    answers.insert("email".to_owned(), text("pessoa@exemplo.com.br"));
    QuizSubmitted {
        account_id: "conta-1".into(),
        quiz_id: format!("quiz-{}", number % 20),
        response_id: TimedId::mint_at(minted_at, &random).to_string(),
        visitor_id: Some(TimedId::mint_at(minted_at - 60_000, &random).to_string()),
        version: 3,
        received_at: minted_at as i64 + 20,
        started_at: Some(minted_at as i64 - 60_000),
        submitted_at: Some(minted_at as i64),
        answers,
        hidden: BTreeMap::from([("origem".to_owned(), "anuncio".to_owned())]),
        utm: Utm { source: "instagram".into(), medium: "cpc".into(), ..Utm::default() },
        referrer: "https://exemplo.com.br/pagina".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        bot_reasons: vec![],
        address_hash: "0123456789abcdef".into(),
        tags: vec![],
        elements: vec![],
        reported: 0,
    }
}
