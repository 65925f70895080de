//! A namespace of one test: topics, schemas and epochs, made as `vendzz schemas register` and `topics apply` do.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use vendzz_runtime::kafka::{KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{Epoch, TopicEpochs};
use vendzz_schemas::registry::{RegistryClient, SchemaId};
use vendzz_schemas::topics::{self, Cleanup, Encoding, SALT};
use vendzz_test_support::{kafka_address, registry_url};

pub(crate) const PARTITIONS: i32 = 2;

/// What a test needs of the catalogue.
const TOPICS: [&str; 12] = [
    topics::SCHEMA_ID,
    topics::TOPIC_EPOCH,
    topics::QUIZ_DEFINITION,
    topics::CAMPAIGN_DEFINITION,
    topics::QUIZ_SUBMISSION,
    topics::QUIZ_ABANDONED,
    topics::LEAD_DETECTED,
    topics::CAMPAIGN_SMS,
    topics::CAMPAIGN_EMAIL,
    topics::CAMPAIGN_WHATSAPP,
    topics::CAMPAIGN_VOICE,
    topics::DLQ_FANOUT,
];

pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}

fn producer(kafka: &KafkaConfig) -> Producer {
    let settings = ProducerSettings {
        name: "test",
        linger: Duration::from_millis(2),
        queue_records: 100_000,
        queue_kbytes: 64 << 10,
        message_timeout: Duration::from_secs(30),
    };
    Producer::new(kafka, &settings).unwrap()
}

/// Makes everything. `topic_settings` are (catalogue name, setting, value).
pub(crate) async fn make_namespace(topic_settings: &[(&str, &str, &str)]) -> KafkaConfig {
    let prefix = format!("test-fanout-{}.", &uuid::Uuid::new_v4().simple().to_string()[..12]);
    let kafka = KafkaConfig::local(&kafka_address(), &prefix);
    let admin: AdminClient<DefaultClientContext> = kafka.client("test").create().unwrap();
    let names: Vec<String> = TOPICS.iter().map(|name| kafka.name(name)).collect();
    let mut wanted = Vec::new();
    for (base, name) in TOPICS.iter().zip(&names) {
        let spec = topics::spec(base).unwrap();
        let partitions = if spec.routed { PARTITIONS } else { 1 };
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1))
            .set("message.timestamp.type", "LogAppendTime");
        if spec.cleanup == Cleanup::Compact {
            topic = topic.set("cleanup.policy", "compact");
        }
        for (_, setting, value) in topic_settings.iter().filter(|(of, _, _)| of == base) {
            topic = topic.set(setting, value);
        }
        wanted.push(topic);
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let made = admin.create_topics(&wanted, &AdminOptions::new()).await.unwrap();
        let is_there = |outcome: &Result<String, (String, rdkafka::types::RDKafkaErrorCode)>| {
            matches!(outcome, Ok(_) | Err((_, rdkafka::types::RDKafkaErrorCode::TopicAlreadyExists)))
        };
        if made.iter().all(is_there) {
            break;
        }
        assert!(Instant::now() < deadline, "cannot create the topics: {made:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let producer = producer(&kafka);
    let epoch_schema = register_schemas(&kafka, &producer).await;
    let encoder: Encoder<TopicEpochs> = Encoder::new(epoch_schema).unwrap();
    for name in TOPICS.iter().filter(|name| topics::spec(name).unwrap().routed) {
        let epochs = TopicEpochs {
            topic: kafka.name(name),
            incarnation: uuid::Uuid::new_v4().to_string(),
            epochs: vec![Epoch { number: 0, begins_at: 0, partitions: PARTITIONS, salt: SALT }],
        };
        append(&producer, &kafka.name(topics::TOPIC_EPOCH), &epochs.topic, &encoder.encode(&epochs).unwrap())
            .await;
    }
    kafka
}

/// Returns the id of the schema of [`TopicEpochs`].
async fn register_schemas(kafka: &KafkaConfig, producer: &Producer) -> u32 {
    let registry = RegistryClient::new(&registry_url()).unwrap();
    let mut of_epochs = 0;
    for base in TOPICS {
        let Encoding::Avro(records) = topics::spec(base).unwrap().encoding else { continue };
        for record in records {
            let subject = topics::subject(&kafka.name(base), record.full_name);
            let registered = registry.register(&subject, record.full_name, record.schema).await.unwrap();
            if base == topics::TOPIC_EPOCH {
                of_epochs = registered.id;
            }
            let schema = SchemaId {
                id: registered.id,
                subject,
                version: registered.version,
                schema: record.schema.to_owned(),
            };
            let json = serde_json::to_vec(&schema).unwrap();
            append(producer, &kafka.name(topics::SCHEMA_ID), &schema.key(), &json).await;
        }
    }
    of_epochs
}

async fn append(producer: &Producer, topic: &str, key: &str, payload: &[u8]) {
    let record =
        OutgoingRecord { topic, partition: 0, key: key.as_bytes(), payload: Some(payload), headers: &[] };
    producer.send(&record).await.unwrap();
}
