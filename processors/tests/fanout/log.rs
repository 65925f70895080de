//! The log itself, written and read without fan-out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Delivered, Follower, KafkaConfig, OutgoingRecord, Producer};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::codec::Decoder;
use vendzz_schemas::events::{
    AvroEvent, CampaignDefinition, CampaignMessage, LeadDetected, QuizAbandoned, QuizDefinition,
    QuizSubmitted,
};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics;

use super::harness::{make_namespace, producer};
use super::samples::ACCOUNT;

const WAIT: Duration = Duration::from_secs(60);

pub(crate) struct Log {
    pub kafka: KafkaConfig,
    pub tables: Tables,
    pub producer: Producer,
    stop: CancellationToken,
}

/// Bytes as they stand in a topic.
#[derive(Debug, Clone)]
pub(crate) struct RawRecord {
    pub partition: i32,
    pub append_ms: i64,
    pub key: String,
    pub value: Vec<u8>,
}

impl Log {
    pub(crate) async fn new() -> Self {
        Self::with_settings(&[]).await
    }

    pub(crate) async fn with_settings(topic_settings: &[(&str, &str, &str)]) -> Self {
        let kafka = make_namespace(topic_settings).await;
        let stop = CancellationToken::new();
        let every = Duration::from_secs(1);
        let tables = Tables::follow(&kafka, every, stop.clone()).unwrap();
        tokio::time::timeout(WAIT, tables.caught_up()).await.unwrap();
        Self { producer: producer(&kafka), kafka, tables, stop }
    }

    /// Publishes a version of a quiz, and returns it.
    pub(crate) async fn publish_quiz(&self, quiz_id: &str, document: &Value) -> i64 {
        let definition = QuizDefinition {
            account_id: ACCOUNT.to_owned(),
            quiz_id: quiz_id.to_owned(),
            state: "published".to_owned(),
            changed_at: 0,
            document: document.to_string(),
            retired: Vec::new(),
        };
        self.append(topics::QUIZ_DEFINITION, 0, quiz_id, &definition).await.offset
    }

    /// Appends a version of a campaign, and returns its append time.
    pub(crate) async fn put_campaign(&self, campaign_id: &str, document: &Value) -> i64 {
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let definition = CampaignDefinition {
            account_id: text("accountId"),
            campaign_id: campaign_id.to_owned(),
            revision: uuid::Uuid::new_v4().to_string(),
            quiz_id: text("quizId"),
            state: text("state"),
            changed_at: 0,
            document: document.to_string(),
        };
        let key = format!("{campaign_id}/{}", definition.revision);
        self.append(topics::CAMPAIGN_DEFINITION, 0, &key, &definition).await.append_ms.unwrap()
    }

    pub(crate) async fn submit(&self, submission: &QuizSubmitted) -> Delivered {
        let key = format!("{}/{}", submission.quiz_id, submission.response_id);
        let partition = self.partition(topics::QUIZ_SUBMISSION, &submission.quiz_id, &submission.response_id);
        self.append(topics::QUIZ_SUBMISSION, partition, &key, submission).await
    }

    pub(crate) async fn abandon(&self, abandoned: &QuizAbandoned) -> Delivered {
        let key = format!("{}/{}", abandoned.quiz_id, abandoned.response_id);
        let partition = self.partition(topics::QUIZ_ABANDONED, &abandoned.quiz_id, &abandoned.response_id);
        self.append(topics::QUIZ_ABANDONED, partition, &key, abandoned).await
    }

    pub(crate) async fn append<E: AvroEvent>(
        &self,
        topic: &str,
        partition: i32,
        key: &str,
        event: &E,
    ) -> Delivered {
        let name = self.kafka.name(topic);
        let payload = self.tables.schema_ids.encoder::<E>(&name).unwrap().encode(event).unwrap();
        self.append_bytes(topic, partition, key, &payload).await
    }

    pub(crate) async fn append_bytes(
        &self,
        topic: &str,
        partition: i32,
        key: &str,
        bytes: &[u8],
    ) -> Delivered {
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

    fn partition(&self, topic: &str, quiz_id: &str, response_id: &str) -> i32 {
        let epochs = self.tables.epochs.get(&self.kafka.name(topic)).unwrap();
        route(quiz_id, &TimedId::parse(response_id).unwrap(), &epochs).unwrap()
    }

    /// Every message on every channel topic, copies included.
    pub(crate) async fn messages(&self) -> Vec<CampaignMessage> {
        let mut messages = Vec::new();
        for channel in Channel::ALL {
            for (record, message) in self.events::<CampaignMessage>(channel.topic()).await {
                assert_eq!(record.key, message.message_id);
                assert_eq!(message.channel, channel.name(), "on the topic of another channel");
                messages.push(message);
            }
        }
        messages
    }

    /// By id, each once; copies must be the same, value for value.
    pub(crate) async fn distinct_messages(&self) -> BTreeMap<String, CampaignMessage> {
        let mut distinct = BTreeMap::new();
        for message in self.messages().await {
            let former = distinct.insert(message.message_id.clone(), message.clone());
            if let Some(former) = former {
                assert_eq!(former, message, "two copies of a message differ");
            }
        }
        distinct
    }

    /// Waits until this many distinct messages are there, and returns them.
    pub(crate) async fn wait_for_messages(&self, count: usize) -> BTreeMap<String, CampaignMessage> {
        let deadline = Instant::now() + WAIT;
        loop {
            let distinct = self.distinct_messages().await;
            if distinct.len() >= count {
                return distinct;
            }
            assert!(Instant::now() < deadline, "{} of {count} messages", distinct.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn leads(&self) -> Vec<LeadDetected> {
        self.events::<LeadDetected>(topics::LEAD_DETECTED).await.into_iter().map(|(_, lead)| lead).collect()
    }

    pub(crate) async fn events<E: AvroEvent>(&self, topic: &str) -> Vec<(RawRecord, E)> {
        let mut decoder = Decoder::<E>::default();
        for schema in self.tables.schema_ids.all() {
            decoder.learn(schema.id, &schema.schema).unwrap();
        }
        let records = self.read(topic).await;
        records.into_iter().map(|record| (record.clone(), decoder.decode(&record.value).unwrap())).collect()
    }

    /// Everything that stands in a topic now.
    pub(crate) async fn read(&self, topic: &str) -> Vec<RawRecord> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let into = records.clone();
        let stop = CancellationToken::new();
        let every = Duration::from_secs(1);
        let reading =
            Follower::start(&self.kafka, self.kafka.name(topic), every, stop.clone(), move |record| {
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
