use std::time::Duration;

use metrics::Counter;
use rdkafka::ClientContext;
use rdkafka::Message as _;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, Producer as _, ProducerContext};

use super::polled::PolledProducer;
use super::producer::{base_record, client_config, not_queued};
use super::{KafkaConfig, OutgoingRecord, ProducerSettings, SendError};
use crate::telemetry::MetricName;

/// A producer for what is answered before it is durable: nothing waits for a record, so it costs no
/// more than its place in the queue. Records that are not delivered are counted.
#[derive(Clone)]
pub struct BestEffortProducer {
    inner: PolledProducer<CountLosses>,
    name: &'static str,
}

/// By topic.
struct CountLosses(Vec<(String, Counter)>);

impl ClientContext for CountLosses {}

impl ProducerContext for CountLosses {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((_, record)) = result else { return };
        if let Some((_, lost)) = self.0.iter().find(|(topic, _)| topic == record.topic()) {
            lost.increment(1);
        }
    }
}

impl BestEffortProducer {
    /// `lost` counts, for each topic by its whole name, the records that were taken into the queue and not
    /// delivered.
    pub fn new(
        kafka: &KafkaConfig,
        settings: &ProducerSettings,
        lost: Vec<(String, Counter)>,
    ) -> Result<Self, KafkaError> {
        let mut config = client_config(kafka, settings);
        config.set("delivery.report.only.error", "true");
        Ok(Self {
            inner: PolledProducer::new(&config, settings.name, CountLosses(lost))?,
            name: settings.name,
        })
    }

    /// Hands the record to the queue. Its headers are not sent.
    pub fn enqueue(&self, record: &OutgoingRecord<'_>) -> Result<(), SendError> {
        self.inner.inner().send(base_record(record, ())).map_err(|(error, _)| {
            let error = not_queued(&error);
            let labels = [("producer", self.name), ("reason", error.reason())];
            MetricName::ProducerErrors.counter_of(&labels).increment(1);
            error
        })
    }

    /// Opens the connections by asking for the topic's metadata. Returns its partition count.
    pub async fn warm(&self, topic: &str, timeout: Duration) -> Result<usize, KafkaError> {
        self.inner.warm(topic, timeout).await
    }

    /// Waits until the queue is empty.
    pub async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        self.inner.flush(timeout).await
    }

    /// Publishes the length of the queue.
    pub fn report(&self) {
        let waiting = f64::from(self.inner.inner().in_flight_count());
        MetricName::ProducerQueue.gauge_of(&[("producer", self.name)]).set(waiting);
    }

    /// What makes this producer useless for ever; only a new one helps.
    pub fn fatal_error(&self) -> Option<String> {
        self.inner.fatal_error()
    }
}

#[cfg(test)]
#[path = "best_effort_producer_tests.rs"]
mod tests;
