use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use rdkafka::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::util::Timeout;

use super::producer::{client_config, fatal_error_of, not_queued, warm};
use super::{KafkaConfig, OutgoingRecord, ProducerSettings, SendError};
use crate::telemetry::MetricName;

/// A producer for what is answered before it is durable: nothing waits for a record, so it costs no
/// more than its place in the queue. Records that are not delivered are counted.
#[derive(Clone)]
pub struct BestEffortProducer {
    inner: Arc<ThreadedProducer<CountLosses>>,
    name: &'static str,
}

struct CountLosses {
    lost: Counter,
}

impl ClientContext for CountLosses {}

impl ProducerContext for CountLosses {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.lost.increment(1);
        }
    }
}

impl BestEffortProducer {
    /// `lost` counts the records that were taken into the queue and not delivered.
    pub fn new(kafka: &KafkaConfig, settings: &ProducerSettings, lost: Counter) -> Result<Self, KafkaError> {
        let mut config = client_config(kafka, settings);
        config.set("delivery.report.only.error", "true");
        let inner = ThreadedProducer::from_config_and_context(&config, CountLosses { lost })?;
        Ok(Self { inner: Arc::new(inner), name: settings.name })
    }

    /// Hands the record to the queue. Its headers are not sent.
    pub fn enqueue(&self, record: &OutgoingRecord<'_>) -> Result<(), SendError> {
        let mut outgoing: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(record.topic).partition(record.partition).key(record.key);
        if let Some(payload) = record.payload {
            outgoing = outgoing.payload(payload);
        }
        self.inner.send(outgoing).map_err(|(error, _)| {
            let error = not_queued(&error);
            let labels = [("producer", self.name), ("reason", error.reason())];
            MetricName::ProducerErrors.counter_of(&labels).increment(1);
            error
        })
    }

    /// Opens the connections by asking for the topic's metadata. Returns its partition count.
    pub async fn warm(&self, topic: &str, timeout: Duration) -> Result<usize, KafkaError> {
        let inner = self.inner.clone();
        let topic = topic.to_owned();
        let warmed = tokio::task::spawn_blocking(move || warm(inner.client(), &topic, timeout));
        warmed.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Waits until the queue is empty.
    pub async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        let inner = self.inner.clone();
        let flushed = tokio::task::spawn_blocking(move || inner.flush(Timeout::After(timeout)));
        flushed.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Publishes the length of the queue.
    pub fn report(&self) {
        let waiting = f64::from(self.inner.in_flight_count());
        MetricName::ProducerQueue.gauge_of(&[("producer", self.name)]).set(waiting);
    }

    /// What makes this producer useless for ever; only a new one helps.
    pub fn fatal_error(&self) -> Option<String> {
        fatal_error_of(self.inner.client())
    }
}
