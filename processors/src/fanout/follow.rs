//! The definition topics, followed into memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::decode::{DecodeFailure, EventReader};
use vendzz_runtime::kafka::{Follower, KafkaConfig, TableRecord};
use vendzz_runtime::tables::SchemaIds;
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::events::AvroEvent;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics;

use super::campaigns::{HeldCampaigns, RecordPlace};
use super::quizzes::HeldQuizzes;

const AGAIN: Duration = Duration::from_millis(500);

/// What following needs.
#[derive(Clone)]
pub struct Following<'a> {
    pub kafka: &'a KafkaConfig,
    pub schema_ids: SchemaIds,
    pub registry: RegistryClient,
    /// How often the position is compared with the topic's end.
    pub check_every: Duration,
    pub drain: CancellationToken,
}

/// Follows `quiz.definition.v1`.
pub fn follow_quizzes(following: &Following<'_>, quizzes: Arc<HeldQuizzes>) -> std::io::Result<Follower> {
    let gauge = MetricName::FanoutVersionsHeld.gauge_of(&[("topic", topics::QUIZ_DEFINITION)]);
    follow(following, topics::QUIZ_DEFINITION, move |record, definition| {
        let versions = quizzes.apply(place(record), definition);
        gauge.set(versions as f64);
    })
}

/// Follows `campaign.definition.v1`.
pub fn follow_campaigns(
    following: &Following<'_>,
    campaigns: Arc<HeldCampaigns>,
) -> std::io::Result<Follower> {
    let gauge = MetricName::FanoutVersionsHeld.gauge_of(&[("topic", topics::CAMPAIGN_DEFINITION)]);
    follow(following, topics::CAMPAIGN_DEFINITION, move |record, definition| {
        let versions = campaigns.apply(place(record), record.append_ms, definition);
        gauge.set(versions as f64);
    })
}

fn place(record: &TableRecord<'_>) -> RecordPlace {
    RecordPlace { partition: record.partition, offset: record.offset }
}

fn follow<E: AvroEvent + Send + 'static>(
    following: &Following<'_>,
    topic: &'static str,
    mut apply: impl FnMut(&TableRecord<'_>, E) + Send + 'static,
) -> std::io::Result<Follower> {
    let mut reader = Reader {
        events: EventReader::new(following.schema_ids.clone(), following.registry.clone()),
        runtime: Handle::current(),
        drain: following.drain.clone(),
        topic,
    };
    let (kafka, drain) = (following.kafka, following.drain.clone());
    Follower::start(kafka, kafka.name(topic), following.check_every, drain, move |record| {
        if let Some(event) = reader.read(&record) {
            apply(&record, event);
        }
    })
}

struct Reader<E> {
    events: EventReader<E>,
    runtime: Handle,
    drain: CancellationToken,
    topic: &'static str,
}

impl<E: AvroEvent> Reader<E> {
    /// `None` for a tombstone, which nobody writes, for what can never be read, and at the end.
    ///
    /// While a schema is asked for nothing else is read, the follower falls out of step, and fan-out pauses:
    /// going on without one version would make other messages than the log says.
    fn read(&mut self, record: &TableRecord<'_>) -> Option<E> {
        let framed = record.value?;
        let (partition, offset) = (record.partition, record.offset);
        let events = &mut self.events;
        let drain = &self.drain;
        let topic = self.topic;
        self.runtime.block_on(async move {
            loop {
                match events.read(framed).await {
                    Ok(event) => return Some(event),
                    Err(DecodeFailure::Never { reason, detail }) => {
                        MetricName::FanoutDefinitionsRefused.counter_of(&[("topic", topic)]).increment(1);
                        tracing::error!(
                            topic,
                            partition,
                            offset,
                            reason,
                            detail,
                            "a definition is not readable"
                        );
                        return None;
                    }
                    Err(DecodeFailure::NotNow(why)) => {
                        tracing::warn!(topic, partition, offset, why, "a definition is not readable yet");
                    }
                }
                tokio::select! {
                    () = drain.cancelled() => return None,
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        })
    }
}
