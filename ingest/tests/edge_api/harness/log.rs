use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::codec::{Decoder, split_frame};
use vendzz_schemas::events::{
    AvroEvent, QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed, RetiredElement,
};
use vendzz_schemas::topics::{EDGE_ADDRESS_KEY, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION, QUIZ_VIEW};

use super::now_ms;

const WAIT: Duration = Duration::from_secs(30);

/// The log itself, written and read without the services.
pub(crate) struct Log {
    pub kafka: KafkaConfig,
    pub tables: Tables,
    producer: Producer,
    stop: CancellationToken,
}

/// One record as it stands in a topic.
#[derive(Debug, Clone)]
pub(crate) struct Record<E> {
    pub partition: i32,
    pub key: String,
    pub event: E,
}

struct RawRecord {
    partition: i32,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Log {
    pub(crate) async fn open(kafka: KafkaConfig) -> Self {
        let stop = CancellationToken::new();
        let every = Duration::from_secs(1);
        let tables = Tables::follow(&kafka, every, stop.clone()).unwrap();
        tokio::time::timeout(WAIT, tables.caught_up()).await.unwrap();
        let settings = ProducerSettings {
            name: "test",
            linger: Duration::ZERO,
            queue_records: 1_000,
            queue_kbytes: 10_000,
            message_timeout: Duration::from_secs(8),
        };
        let producer = Producer::new(&kafka, &settings).unwrap();
        Self { kafka, tables, producer, stop }
    }

    /// Publishes a version, and returns its number.
    pub(crate) async fn publish(&self, quiz_id: &str, document: &Value) -> i64 {
        self.append_definition(quiz_id, "published", &document.to_string(), Vec::new(), now_ms()).await
    }

    pub(crate) async fn publish_with_retired(
        &self,
        quiz_id: &str,
        document: &Value,
        retired: Vec<RetiredElement>,
    ) -> i64 {
        self.append_definition(quiz_id, "published", &document.to_string(), retired, now_ms()).await
    }

    pub(crate) async fn unpublish(&self, quiz_id: &str, document: &Value, at_ms: i64) -> i64 {
        self.append_definition(quiz_id, "unpublished", &document.to_string(), Vec::new(), at_ms).await
    }

    /// Whatever the document is.
    pub(crate) async fn append_definition(
        &self,
        quiz_id: &str,
        state: &str,
        document: &str,
        retired: Vec<RetiredElement>,
        changed_at: i64,
    ) -> i64 {
        let topic = self.kafka.name(QUIZ_DEFINITION);
        let encoder = self.tables.schema_ids.encoder::<QuizDefinition>(&topic).unwrap();
        let payload = encoder.encode(&QuizDefinition {
            account_id: "conta-vida-leve".to_owned(),
            quiz_id: quiz_id.to_owned(),
            state: state.to_owned(),
            changed_at,
            document: document.to_owned(),
            retired,
        });
        self.append(&topic, quiz_id, &payload.unwrap()).await
    }

    async fn append(&self, topic: &str, key: &str, payload: &[u8]) -> i64 {
        let record =
            OutgoingRecord { topic, partition: 0, key: key.as_bytes(), payload: Some(payload), headers: &[] };
        self.producer.send(&record).await.unwrap().offset
    }

    pub(crate) async fn submissions(&self) -> Vec<Record<QuizSubmitted>> {
        self.events(QUIZ_SUBMISSION).await
    }

    /// Those of one quiz.
    pub(crate) async fn submissions_of(&self, quiz_id: &str) -> Vec<Record<QuizSubmitted>> {
        let mut submissions = self.submissions().await;
        submissions.retain(|record| record.event.quiz_id == quiz_id);
        submissions
    }

    /// Views are durable a little after they were accepted; waits until `count` of the quiz are.
    pub(crate) async fn views_of(&self, quiz_id: &str, count: usize) -> Vec<Record<QuizViewed>> {
        for _ in 0..100 {
            let mut views = self.events::<QuizViewed>(QUIZ_VIEW).await;
            views.retain(|record| record.event.quiz_id == quiz_id);
            if views.len() >= count {
                return views;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("fewer than {count} views of {quiz_id} reached the log");
    }

    /// As for views; in the order of their sequence.
    pub(crate) async fn progress_of(&self, quiz_id: &str, count: usize) -> Vec<Record<QuizProgressed>> {
        for _ in 0..100 {
            let mut progress = self.events::<QuizProgressed>(QUIZ_PROGRESS).await;
            progress.retain(|record| record.event.quiz_id == quiz_id);
            if progress.len() >= count {
                progress.sort_by_key(|record| (record.event.sequence, record.event.received_at));
                return progress;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("fewer than {count} beacons of {quiz_id} reached the log");
    }

    /// Records of all topics that the edge writes events to.
    pub(crate) async fn event_count(&self) -> usize {
        let mut count = 0;
        for topic in [QUIZ_SUBMISSION, QUIZ_VIEW, QUIZ_PROGRESS] {
            count += self.read(topic).await.len();
        }
        count
    }

    /// Days and keys, as they stand in the log.
    pub(crate) async fn address_keys(&self) -> Vec<Value> {
        let records = self.read(EDGE_ADDRESS_KEY).await;
        records.iter().map(|record| serde_json::from_slice(&record.value).unwrap()).collect()
    }

    async fn events<E: AvroEvent>(&self, topic: &str) -> Vec<Record<E>> {
        let mut decoder = Decoder::<E>::default();
        let mut events = Vec::new();
        for record in self.read(topic).await {
            let (id, _) = split_frame(&record.value).unwrap();
            if !decoder.knows(id) {
                decoder.learn(id, &self.tables.schema_ids.get(id).unwrap().schema).unwrap();
            }
            let event = decoder.decode(&record.value).unwrap();
            let key = String::from_utf8(record.key).unwrap();
            events.push(Record { partition: record.partition, key, event });
        }
        events
    }

    /// Everything that stands in a topic now.
    async fn read(&self, topic: &str) -> Vec<RawRecord> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let into = records.clone();
        let stop = CancellationToken::new();
        let every = Duration::from_secs(1);
        let reading =
            Follower::start(&self.kafka, self.kafka.name(topic), every, stop.clone(), move |record| {
                into.lock().unwrap().push(RawRecord {
                    partition: record.partition,
                    key: record.key.to_vec(),
                    value: record.value.unwrap_or_default().to_vec(),
                });
            });
        reading.unwrap().read_to_end(WAIT).await.unwrap();
        stop.cancel();
        std::mem::take(&mut *records.lock().unwrap())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
