//! A database of its own, a log in memory, and an owner that feeds a fold as the kernel does.

use std::collections::BTreeMap;
use std::ops::Deref;

use sqlx::Executor;
use vendzz_projections::state::{
    PostgresConfig, PostgresUrl, Schema, StateFold, StateProjection, StateReader, StateStore,
};
use vendzz_runtime::kernel::{Batch, Fold, FoldError, Poison, Projection, Record, ResumePoint, Source};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{
    AnswerValue, AvroEvent, LeadDetected, QuizDefinition, QuizProgressed, QuizSubmitted, Utm,
};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::registry::{RegistryClient, SchemaId};
use vendzz_schemas::topics::{LEAD_DETECTED, Namespace, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION};
use vendzz_test_support::{AtCommit, CommitProxy, Database};

pub(crate) const DEFINITION_SCHEMA: u32 = 1;
pub(crate) const SUBMISSION_SCHEMA: u32 = 2;
pub(crate) const PROGRESS_SCHEMA: u32 = 3;
pub(crate) const LEAD_SCHEMA: u32 = 4;

/// 2026-01-01T00:00:00Z, a Thursday.
pub(crate) const NEW_YEAR: i64 = 1_767_225_600_000;

/// A database that goes with the value.
pub(crate) struct TestDatabase {
    database: Database,
    pub(crate) config: PostgresConfig,
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

impl TestDatabase {
    /// Empty, without the projection's tables.
    pub(crate) async fn bare() -> Self {
        let database = Database::new("state").await;
        let url: PostgresUrl = database.url().parse().unwrap();
        Self { database, config: PostgresConfig::at(url) }
    }

    pub(crate) async fn prepared() -> Self {
        let database = Self::bare().await;
        StateStore::prepare(&database.config).await.unwrap();
        database
    }

    pub(crate) async fn run(&self, sql: &'static str) {
        self.connect().await.execute(sqlx::raw_sql(sql)).await.unwrap();
    }

    /// Every row of a table of state_v1 as JSON, in the order of the key.
    pub(crate) async fn rows(&self, table: &str) -> Vec<serde_json::Value> {
        let sql = format!("SELECT to_jsonb(t) FROM state_v1.{table} AS t ORDER BY t::text");
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut self.connect().await).await.unwrap()
    }

    /// Its configuration, through a proxy.
    pub(crate) fn through(&self, proxy: &CommitProxy) -> PostgresConfig {
        PostgresConfig { url: proxy.url(&self.url()).parse().unwrap(), ..self.config.clone() }
    }

    pub(crate) fn projection(&self) -> StateProjection {
        projection(&self.config)
    }

    pub(crate) fn reader(&self) -> StateReader {
        StateReader::of(StateStore::new(&self.config).pool().clone(), state_v1())
    }
}

/// Does this at the first COMMIT and lets the others pass.
pub(crate) async fn at_first_commit(what: AtCommit) -> CommitProxy {
    CommitProxy::start(move |number| if number == 0 { what } else { AtCommit::Pass }).await
}

pub(crate) fn state_v1() -> Schema {
    "state_v1".parse().unwrap()
}

/// A projection that knows every schema; the registry behind it is away.
pub(crate) fn projection(config: &PostgresConfig) -> StateProjection {
    let schema_ids = SchemaIds::default();
    for (id, schema) in [
        (DEFINITION_SCHEMA, QuizDefinition::SCHEMA),
        (SUBMISSION_SCHEMA, QuizSubmitted::SCHEMA),
        (PROGRESS_SCHEMA, QuizProgressed::SCHEMA),
        (LEAD_SCHEMA, LeadDetected::SCHEMA),
    ] {
        schema_ids.insert(SchemaId { id, subject: String::new(), version: 1, schema: schema.to_owned() });
    }
    let registry = RegistryClient::new("http://127.0.0.1:1").unwrap();
    StateProjection::new(Namespace::default(), StateStore::new(config), schema_ids, registry)
}

pub(crate) fn submissions() -> Source {
    source(QUIZ_SUBMISSION)
}

pub(crate) fn definitions() -> Source {
    source(QUIZ_DEFINITION)
}

pub(crate) fn beacons() -> Source {
    source(QUIZ_PROGRESS)
}

pub(crate) fn leads() -> Source {
    source(LEAD_DETECTED)
}

fn source(topic: &str) -> Source {
    Source {
        topic: topic.to_owned(),
        incarnation: "b3f1c0de-0000-4000-8000-000000000001".to_owned(),
        partition: 0,
    }
}

/// A partition in memory.
pub(crate) struct Log {
    pub(crate) records: Vec<Record>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { records: Vec::new() }
    }

    pub(crate) fn of(events: impl IntoIterator<Item = QuizSubmitted>) -> Self {
        let mut log = Self::new();
        events.into_iter().for_each(|event| log.submit(&event));
        log
    }

    /// Appends a millisecond after the event was received.
    pub(crate) fn submit(&mut self, event: &QuizSubmitted) {
        let bytes = Encoder::<QuizSubmitted>::new(SUBMISSION_SCHEMA).unwrap().encode(event).unwrap();
        self.append(event.received_at + 1, Some(bytes));
    }

    pub(crate) fn define(&mut self, event: &QuizDefinition) {
        let bytes = Encoder::<QuizDefinition>::new(DEFINITION_SCHEMA).unwrap().encode(event).unwrap();
        self.append(event.changed_at + 1, Some(bytes));
    }

    pub(crate) fn progress(&mut self, append_ms: i64, event: &QuizProgressed) {
        let bytes = Encoder::<QuizProgressed>::new(PROGRESS_SCHEMA).unwrap().encode(event).unwrap();
        self.append(append_ms, Some(bytes));
    }

    pub(crate) fn lead(&mut self, append_ms: i64, event: &LeadDetected) {
        let bytes = Encoder::<LeadDetected>::new(LEAD_SCHEMA).unwrap().encode(event).unwrap();
        self.append(append_ms, Some(bytes));
    }

    pub(crate) fn append(&mut self, append_ms: i64, value: Option<Vec<u8>>) {
        let offset = self.records.len() as i64;
        self.records.push(Record { offset, append_ms, key: b"key".to_vec(), value, headers: Vec::new() });
    }

    /// The resume point once everything up to and with `offset` is folded.
    pub(crate) fn through(&self, offset: i64) -> ResumePoint {
        let covered = &self.records[..=offset as usize];
        ResumePoint {
            offset,
            max_append_ms: covered.iter().map(|record| record.append_ms).max().unwrap(),
            hash: covered.last().unwrap().hash(),
        }
    }
}

/// A fold and where it stands.
pub(crate) struct Owner {
    pub(crate) fold: StateFold,
    /// Offset of the next record to apply.
    pub(crate) next: usize,
}

impl Owner {
    pub(crate) async fn open(projection: &StateProjection, source: &Source) -> Self {
        let opened = projection.open(source).await.unwrap();
        Self { fold: opened.fold, next: opened.resume.map_or(0, |resume| resume.offset as usize + 1) }
    }

    /// Applies the next `count` records as one batch.
    pub(crate) async fn apply(&mut self, log: &Log, count: usize) -> Result<(), FoldError> {
        self.apply_without(log, count, &[]).await
    }

    pub(crate) async fn apply_without(
        &mut self,
        log: &Log,
        count: usize,
        set_aside: &[i64],
    ) -> Result<(), FoldError> {
        let end = (self.next + count).min(log.records.len());
        let batch = Batch::new(&log.records[self.next..end], set_aside, log.through(end as i64 - 1));
        self.fold.apply(&batch).await?;
        self.next = end;
        Ok(())
    }

    /// Applies everything that is left as one batch, setting poison aside; returns what was set aside.
    pub(crate) async fn apply_rest(&mut self, log: &Log) -> Vec<Poison> {
        let mut dead_letters = Vec::new();
        loop {
            let set_aside: Vec<i64> = dead_letters.iter().map(|poison: &Poison| poison.offset).collect();
            match self.apply_without(log, log.records.len(), &set_aside).await {
                Ok(()) => return dead_letters,
                Err(FoldError::Poison(poison)) => dead_letters.extend(poison),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Folds a whole log of submissions.
pub(crate) async fn fold_all(database: &TestDatabase, log: &Log) -> Vec<Poison> {
    Owner::open(&database.projection(), &submissions()).await.apply_rest(log).await
}

/// The `number`-th response of a quiz, minted that many seconds into 2026.
pub(crate) fn response_id(number: u64) -> TimedId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    TimedId::mint_at(NEW_YEAR as u64 + number * 1_000, &random)
}

pub(crate) fn submission(number: u64) -> QuizSubmitted {
    submission_of(response_id(number))
}

pub(crate) fn submission_of(response_id: TimedId) -> QuizSubmitted {
    QuizSubmitted {
        account_id: "conta-1".into(),
        quiz_id: "emagrecimento".into(),
        response_id: response_id.to_string(),
        visitor_id: None,
        version: 3,
        received_at: response_id.minted_at() + 20,
        started_at: None,
        submitted_at: None,
        answers: BTreeMap::from([("nome".to_owned(), AnswerValue::Text("João".into()))]),
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        bot_reasons: vec![],
        address_hash: String::new(),
        tags: vec![],
        elements: vec![],
        reported: 0,
    }
}

pub(crate) fn definition(quiz_id: &str, title: &str) -> QuizDefinition {
    QuizDefinition {
        account_id: "conta-1".into(),
        quiz_id: quiz_id.into(),
        state: "published".into(),
        changed_at: NEW_YEAR,
        document: serde_json::json!({ "title": title, "elements": [{ "id": "nome" }] }).to_string(),
        retired: vec![],
    }
}
