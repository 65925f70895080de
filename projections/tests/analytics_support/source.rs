use std::sync::Arc;

use vendzz_projections::analytics::cql::Store;
use vendzz_projections::analytics::{
    AnalyticsConfig, AnalyticsFold, AnalyticsProjection, CqlConfig, Decoding,
};
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::{Applied, Batch, Fold, FoldError, Projection, Record, ResumePoint, Source};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{AvroEvent, ElementSeen, QuizProgressed, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::registry::{RegistryClient, SchemaId};
use vendzz_schemas::topics::{Namespace, QUIZ_PROGRESS, QUIZ_SUBMISSION};

use super::WINDOW;

pub(crate) const SCHEMA_ID: u32 = 7;
const PROGRESS_SCHEMA_ID: u32 = 70;
/// 2026-11-22T18:00:00Z.
pub(crate) const START_MS: i64 = 1_795_370_400_000;

/// A projector without Kafka: the test is the kernel.
pub(crate) struct Projector {
    pub(crate) projection: AnalyticsProjection,
    pub(crate) schema_ids: SchemaIds,
}

impl Projector {
    /// `held_rows` of 1 makes it read nearly every row again after each flush.
    pub(crate) async fn start(cql: &CqlConfig, held_rows: usize) -> Self {
        let store = Arc::new(Store::open(cql).await.unwrap());
        let schema_ids = SchemaIds::default();
        learn(&schema_ids, SCHEMA_ID);
        let subject = format!("{QUIZ_PROGRESS}-{}", QuizProgressed::FULL_NAME);
        let schema = QuizProgressed::SCHEMA.to_owned();
        schema_ids.insert(SchemaId { id: PROGRESS_SCHEMA_ID, subject, version: 1, schema });
        // Nobody listens there: what schema.id.v1 does not say can't be known.
        let registry = RegistryClient::new("http://127.0.0.1:1/apis/ccompat/v7").unwrap();
        let decoding = Decoding { schema_ids: schema_ids.clone(), registry };
        let config =
            AnalyticsConfig { cql: cql.clone(), flush_rows: 1_000, held_rows, dedupe_window: WINDOW };
        let projection = AnalyticsProjection::new(store, config, Namespace::default(), decoding);
        Self { projection, schema_ids }
    }

    pub(crate) async fn open(&self, log: &[Record]) -> Owner {
        self.open_source(&source(), log).await
    }

    pub(crate) async fn open_source(&self, source: &Source, log: &[Record]) -> Owner {
        let opened = self.projection.open(source).await.unwrap();
        let mut owner = Owner { fold: opened.fold, next: 0 };
        if let Some(point) = opened.resume {
            let from = DedupeWindow::read_back_from(opened.read_back.unwrap(), point.max_append_ms);
            let covered = &log[..=point.offset as usize];
            for record in covered.iter().skip_while(|record| record.append_ms < from) {
                owner.fold.read_back(record);
            }
            owner.next = covered.len();
        }
        owner
    }
}

pub(crate) fn learn(schema_ids: &SchemaIds, id: u32) {
    let subject = format!("{QUIZ_SUBMISSION}-{}", QuizSubmitted::FULL_NAME);
    schema_ids.insert(SchemaId { id, subject, version: 1, schema: QuizSubmitted::SCHEMA.to_owned() });
}

pub(crate) fn source() -> Source {
    Source { topic: QUIZ_SUBMISSION.to_owned(), incarnation: "0f8fad5b".to_owned(), partition: 0 }
}

pub(crate) fn progress_source() -> Source {
    Source { topic: QUIZ_PROGRESS.to_owned(), ..source() }
}

pub(crate) struct Owner {
    pub(crate) fold: AnalyticsFold,
    pub(crate) next: usize,
}

impl Owner {
    /// Applies up to `end`, setting poison aside as the kernel does.
    pub(crate) async fn apply(&mut self, log: &[Record], end: usize) -> Result<Applied, FoldError> {
        let records = &log[self.next..end];
        let last = records.last().unwrap();
        let max_append_ms = log[..end].iter().map(|record| record.append_ms).max().unwrap();
        let through = ResumePoint { offset: last.offset, max_append_ms, hash: last.hash() };
        let applied = match self.fold.apply(&Batch::new(records, &[], through)).await {
            Err(FoldError::Poison(poison)) => {
                let set_aside: Vec<i64> = poison.iter().map(|poison| poison.offset).collect();
                self.fold.apply(&Batch::new(records, &set_aside, through)).await
            }
            outcome => outcome,
        }?;
        self.next = end;
        Ok(applied)
    }
}

/// A record of one submission. `minute` says when it was sent, `response` which response it is. It
/// tells a way of three elements, of which `response % 3` were reported before.
pub(crate) fn submission(offset: i64, minute: i64, response: u8, bot: bool) -> Record {
    let append_ms = START_MS + minute * 60_000 + offset;
    let event = QuizSubmitted {
        account_id: "conta".to_owned(),
        quiz_id: "emprestimo".to_owned(),
        response_id: TimedId::mint_at(START_MS.cast_unsigned(), &[response; 10]).to_string(),
        visitor_id: None,
        version: 3,
        received_at: append_ms,
        started_at: None,
        submitted_at: None,
        answers: std::collections::BTreeMap::new(),
        hidden: std::collections::BTreeMap::new(),
        utm: Utm { campaign: format!("campanha {response}"), ..Utm::default() },
        referrer: String::new(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: if bot { "bot" } else { "human" }.to_owned(),
        bot_reasons: Vec::new(),
        address_hash: String::new(),
        tags: Vec::new(),
        elements: way(&[("nome", 1_000), ("email", i64::from(response)), ("fim", 10)]),
        reported: i32::from(response % 3),
    };
    record(offset, append_ms, Encoder::new(SCHEMA_ID).unwrap().encode(&event).unwrap())
}

/// A record of one beacon: its response has come to the `sequence`-th of three elements.
pub(crate) fn beacon(offset: i64, minute: i64, response: u8, sequence: i32, bot: bool) -> Record {
    let append_ms = START_MS + minute * 60_000 + offset;
    let whole = way(&[("nome", 1_000), ("email", 100 * i64::from(sequence)), ("fim", 10)]);
    let event = QuizProgressed {
        account_id: "conta".to_owned(),
        quiz_id: "emprestimo".to_owned(),
        response_id: TimedId::mint_at(START_MS.cast_unsigned(), &[response; 10]).to_string(),
        visitor_id: None,
        version: 3,
        sequence,
        received_at: append_ms,
        started_at: None,
        elements: whole[..sequence as usize].to_vec(),
        reported: sequence - 1,
        answers: std::collections::BTreeMap::new(),
        hidden: std::collections::BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: if bot { "bot" } else { "human" }.to_owned(),
        address_hash: String::new(),
        tags: Vec::new(),
    };
    record(offset, append_ms, Encoder::new(PROGRESS_SCHEMA_ID).unwrap().encode(&event).unwrap())
}

fn way(seen: &[(&str, i64)]) -> Vec<ElementSeen> {
    seen.iter().map(|(id, millis)| ElementSeen { element_id: (*id).to_owned(), millis: *millis }).collect()
}

/// A record that can never be decoded.
pub(crate) fn garbage(offset: i64, minute: i64) -> Record {
    record(offset, START_MS + minute * 60_000 + offset, b"not avro".to_vec())
}

fn record(offset: i64, append_ms: i64, value: Vec<u8>) -> Record {
    Record {
        offset,
        append_ms,
        key: format!("key {offset}").into_bytes(),
        value: Some(value),
        headers: Vec::new(),
    }
}
