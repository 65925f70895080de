//! Leads and messages on their way into the log.

use std::sync::Arc;
use std::time::Duration;

use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::kafka::{Delivered, KafkaConfig, OutgoingRecord, Producer, ProducerSettings, SendError};
use vendzz_runtime::tables::{Epochs, SchemaIds};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::codec::{CodecError, Encoder};
use vendzz_schemas::events::{CampaignMessage, LeadDetected, TopicEpochs};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::{route, route_message};
use vendzz_schemas::topics;

use super::FollowUp;

/// How long a full queue is waited for before it is tried again.
const QUEUE_FULL: Duration = Duration::from_millis(5);

/// The topics that fan-out writes to, with their registered schemas.
pub struct OutboxTopics {
    leads: String,
    lead_encoder: Encoder<LeadDetected>,
    /// In the order of [`Channel::ALL`].
    channels: Vec<(String, Encoder<CampaignMessage>)>,
}

impl OutboxTopics {
    /// Fails while a schema is not registered; the error says which command is missing.
    pub fn new(kafka: &KafkaConfig, schema_ids: &SchemaIds) -> anyhow::Result<Self> {
        let leads = kafka.name(topics::LEAD_DETECTED);
        let mut channels = Vec::with_capacity(Channel::ALL.len());
        for channel in Channel::ALL {
            let topic = kafka.name(channel.topic());
            let encoder = schema_ids.encoder(&topic)?;
            channels.push((topic, encoder));
        }
        Ok(Self { lead_encoder: schema_ids.encoder(&leads)?, leads, channels })
    }

    /// Real names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|(topic, _)| topic.as_str()).chain([self.leads.as_str()])
    }
}

/// Sends leads and messages, each to its topic and partition.
pub struct Outbox {
    topics: OutboxTopics,
    producer: Producer,
    epochs: Epochs,
}

/// The epochs of the topics, looked up once for a batch.
pub(super) struct Routes {
    leads: Arc<TopicEpochs>,
    channels: Vec<Arc<TopicEpochs>>,
}

/// An encoded lead or message.
pub(super) struct Letter {
    /// Place in [`Channel::ALL`]; `None`: a lead.
    channel: Option<usize>,
    partition: i32,
    key: String,
    payload: Vec<u8>,
}

/// Why a follow-up cannot be put into letters.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error("no epochs of {0} on topic.epoch.v1 yet; `vendzz topics apply` writes them")]
    NoEpochs(String),
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Outbox {
    pub fn new(
        kafka: &KafkaConfig,
        settings: &ProducerSettings,
        topics: OutboxTopics,
        epochs: Epochs,
    ) -> Result<Self, rdkafka::error::KafkaError> {
        Ok(Self { topics, producer: Producer::new(kafka, settings)?, epochs })
    }

    /// Of which every topic's partitions are asked for, so that the first message does not wait for that.
    pub async fn warm(&self, timeout: Duration) -> anyhow::Result<()> {
        for topic in self.topics.names() {
            self.producer.warm(topic, timeout).await?;
        }
        Ok(())
    }

    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    pub(super) fn routes(&self) -> Result<Routes, LetterError> {
        let epochs =
            |topic: &str| self.epochs.get(topic).ok_or_else(|| LetterError::NoEpochs(topic.to_owned()));
        let channels = self.topics.channels.iter().map(|(topic, _)| epochs(topic));
        Ok(Routes { leads: epochs(&self.topics.leads)?, channels: channels.collect::<Result<_, _>>()? })
    }

    /// Encodes and addresses what one response led to.
    pub(super) fn letters(
        &self,
        response: &TimedId,
        made: &FollowUp<'_>,
        routes: &Routes,
        into: &mut Vec<Letter>,
    ) -> Result<(), LetterError> {
        for lead in &made.leads {
            let partition = route(&lead.quiz_id, response, &routes.leads);
            into.push(Letter {
                channel: None,
                partition: partition.ok_or_else(|| LetterError::NoEpochs(self.topics.leads.clone()))?,
                key: format!("{}/{}", lead.quiz_id, lead.response_id),
                payload: self.topics.lead_encoder.encode(lead)?,
            });
        }
        for message in &made.messages {
            let Some(place) = Channel::ALL.iter().position(|channel| channel.name() == message.channel)
            else {
                continue;
            };
            let (topic, encoder) = &self.topics.channels[place];
            let partition = route_message(&message.recipient, response, &routes.channels[place]);
            into.push(Letter {
                channel: Some(place),
                partition: partition.ok_or_else(|| LetterError::NoEpochs(topic.clone()))?,
                key: message.message_id.clone(),
                payload: encoder.encode(message)?,
            });
        }
        Ok(())
    }

    /// Hands a letter to the producer, waiting while its queue is full. What comes back tells how it ended.
    pub(super) async fn post(
        &self,
        letter: &Letter,
    ) -> Result<impl Future<Output = Result<Delivered, SendError>> + Send + use<>, SendError> {
        let topic = match letter.channel {
            Some(place) => &self.topics.channels[place].0,
            None => &self.topics.leads,
        };
        let record = OutgoingRecord {
            topic,
            partition: letter.partition,
            key: letter.key.as_bytes(),
            payload: Some(&letter.payload),
            headers: &[],
        };
        loop {
            match self.producer.enqueue(&record) {
                Err(SendError::QueueFull) => tokio::time::sleep(QUEUE_FULL).await,
                Err(error) => return Err(error),
                Ok(delivery) => {
                    crash_point("fanout.mid_send");
                    return Ok(delivery);
                }
            }
        }
    }
}
