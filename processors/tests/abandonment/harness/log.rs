use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::codec::{Decoder, split_frame};
use vendzz_schemas::events::{AvroEvent, QuizAbandoned, QuizProgressed, QuizSubmitted};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::{QUIZ_ABANDONED, QUIZ_PROGRESS, QUIZ_SUBMISSION};

const WAIT: Duration = Duration::from_secs(60);

/// The log itself, written and read without the services.
pub(crate) struct Log {
    kafka: KafkaConfig,
    tables: Tables,
    producer: Producer,
    stop: CancellationToken,
}

/// An announcement as it stands in the topic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) event: QuizAbandoned,
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
            queue_records: 10_000,
            queue_kbytes: 100_000,
            message_timeout: Duration::from_secs(20),
        };
        let producer = Producer::new(&kafka, &settings).unwrap();
        Self { kafka, tables, producer, stop }
    }

    pub(crate) async fn progress(&self, event: &QuizProgressed) {
        self.append(QUIZ_PROGRESS, &event.quiz_id, &event.response_id, event).await;
    }

    pub(crate) async fn submit(&self, event: &QuizSubmitted) {
        self.append(QUIZ_SUBMISSION, &event.quiz_id, &event.response_id, event).await;
    }

    /// The partition of a response's records in a topic of the catalogue.
    pub(crate) fn partition(&self, topic: &str, quiz_id: &str, response_id: &str) -> i32 {
        let epochs = self.tables.epochs.get(&self.kafka.name(topic)).unwrap();
        route(quiz_id, &TimedId::parse(response_id).unwrap(), &epochs).unwrap()
    }

    async fn append<E: AvroEvent>(&self, topic: &str, quiz_id: &str, response_id: &str, event: &E) {
        let partition = self.partition(topic, quiz_id, response_id);
        let topic = self.kafka.name(topic);
        let payload = self.tables.schema_ids.encoder::<E>(&topic).unwrap().encode(event).unwrap();
        let key = format!("{quiz_id}/{response_id}");
        let record = OutgoingRecord {
            topic: &topic,
            partition,
            key: key.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        self.producer.send(&record).await.unwrap();
    }

    /// Every announcement that stands in the topic now.
    pub(crate) async fn abandonments(&self) -> Vec<Record> {
        let mut decoder = Decoder::<QuizAbandoned>::default();
        let mut records = Vec::new();
        for record in self.read(QUIZ_ABANDONED).await {
            let (id, _) = split_frame(&record.value).unwrap();
            if !decoder.knows(id) {
                decoder.learn(id, &self.tables.schema_ids.get(id).unwrap().schema).unwrap();
            }
            let event = decoder.decode(&record.value).unwrap();
            let key = String::from_utf8(record.key).unwrap();
            records.push(Record { partition: record.partition, key, event });
        }
        records
    }

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
