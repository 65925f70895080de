use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Delivered, Follower, KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::codec::{Decoder, split_frame};
use vendzz_schemas::events::AvroEvent;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;

const WAIT: Duration = Duration::from_secs(60);
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The log itself, written and read without the services. Topics are given by their catalogue names.
pub struct Log {
    pub kafka: KafkaConfig,
    pub tables: Tables,
    producer: Producer,
    stop: CancellationToken,
}

/// A record as it stands in a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<E> {
    pub partition: i32,
    pub append_ms: i64,
    pub key: String,
    pub event: E,
}

/// Bytes as they stand in a topic.
#[derive(Debug, Clone)]
pub struct RawRecord {
    pub partition: i32,
    pub append_ms: i64,
    pub key: String,
    pub value: Vec<u8>,
}

impl Log {
    pub async fn open(kafka: KafkaConfig) -> Self {
        let stop = CancellationToken::new();
        let tables = Tables::follow(&kafka, CHECK_EVERY, stop.clone()).unwrap();
        tokio::time::timeout(WAIT, tables.caught_up()).await.unwrap();
        let settings = ProducerSettings {
            name: "test",
            linger: Duration::ZERO,
            queue_records: 100_000,
            queue_kbytes: 64 << 10,
            message_timeout: Duration::from_secs(30),
        };
        let producer = Producer::new(&kafka, &settings).unwrap();
        Self { kafka, tables, producer, stop }
    }

    pub async fn append<E: AvroEvent>(&self, topic: &str, partition: i32, key: &str, event: &E) -> Delivered {
        let encoder = self.tables.schema_ids.encoder::<E>(&self.kafka.name(topic)).unwrap();
        self.append_bytes(topic, partition, key, &encoder.encode(event).unwrap()).await
    }

    pub async fn append_bytes(&self, topic: &str, partition: i32, key: &str, bytes: &[u8]) -> Delivered {
        let topic = self.kafka.name(topic);
        let record = OutgoingRecord {
            topic: &topic,
            partition,
            key: key.as_bytes(),
            payload: Some(bytes),
            headers: &[],
        };
        self.producer.send(&record).await.unwrap()
    }

    /// Appends an event of a response, where the topic's epochs put it.
    pub async fn append_of_response<E: AvroEvent>(
        &self,
        topic: &str,
        quiz_id: &str,
        response_id: &str,
        event: &E,
    ) -> Delivered {
        let partition = self.partition(topic, quiz_id, response_id);
        self.append(topic, partition, &format!("{quiz_id}/{response_id}"), event).await
    }

    /// The partition of a response's records.
    pub fn partition(&self, topic: &str, quiz_id: &str, response_id: &str) -> i32 {
        let epochs = self.tables.epochs.get(&self.kafka.name(topic)).unwrap();
        route(quiz_id, &TimedId::parse(response_id).unwrap(), &epochs).unwrap()
    }

    /// Every event that stands in a topic now.
    pub async fn events<E: AvroEvent>(&self, topic: &str) -> Vec<Record<E>> {
        let mut decoder = Decoder::<E>::default();
        let mut events = Vec::new();
        for RawRecord { partition, append_ms, key, value } in self.read(topic).await {
            let (id, _) = split_frame(&value).unwrap();
            if !decoder.knows(id) {
                decoder.learn(id, &self.tables.schema_ids.get(id).unwrap().schema).unwrap();
            }
            events.push(Record { partition, append_ms, key, event: decoder.decode(&value).unwrap() });
        }
        events
    }

    /// Everything that stands in a topic now.
    pub async fn read(&self, topic: &str) -> Vec<RawRecord> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let into = records.clone();
        let stop = CancellationToken::new();
        let reading =
            Follower::start(&self.kafka, self.kafka.name(topic), CHECK_EVERY, stop.clone(), move |record| {
                into.lock().unwrap().push(RawRecord {
                    partition: record.partition,
                    append_ms: record.append_ms,
                    key: String::from_utf8(record.key.to_vec()).unwrap(),
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
