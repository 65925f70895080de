use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};
use tokio::sync::oneshot;

use super::KafkaConfig;
use super::polled::PolledProducer;
use crate::telemetry::MetricName;

/// What one producer is tuned for.
#[derive(Debug, Clone)]
pub struct ProducerSettings {
    /// Also the `producer` label of its metrics.
    pub name: &'static str,
    pub linger: Duration,
    /// Records and KiB that may wait; a full queue refuses at once.
    pub queue_records: u32,
    pub queue_kbytes: u32,
    /// After this long without an acknowledgement the outcome is unknown.
    pub message_timeout: Duration,
}

/// One record on its way to an explicit partition.
#[derive(Debug, Clone)]
pub struct OutgoingRecord<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub key: &'a [u8],
    /// `None` is a tombstone.
    pub payload: Option<&'a [u8]>,
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// Where an acknowledged record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    pub partition: i32,
    pub offset: i64,
    /// Append time, milliseconds since 1970 (UTC), when the broker said it.
    pub append_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("the producer's queue is full")]
    QueueFull,
    /// Not in the log, and sending it again may succeed.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It may or may not stand in the log.
    #[error("not acknowledged in time: {0}")]
    Unknown(String),
    /// The broker will never take this record.
    #[error("refused by the broker: {0}")]
    Refused(String),
}

impl SendError {
    /// A short word for a metric's label.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::NotSent(_) => "not_sent",
            Self::Unknown(_) => "unknown",
            Self::Refused(_) => "refused",
        }
    }
}

/// An idempotent producer with `acks=all` and a bounded queue.
#[derive(Clone)]
pub struct Producer {
    inner: PolledProducer<TellSender>,
    name: &'static str,
}

/// Tells each record's sender how its delivery ended.
struct TellSender;

type Outcome = Result<Delivered, SendError>;

impl ClientContext for TellSender {}

impl ProducerContext for TellSender {
    type DeliveryOpaque = Box<oneshot::Sender<Outcome>>;

    fn delivery(&self, result: &DeliveryResult<'_>, sender: Box<oneshot::Sender<Outcome>>) {
        let outcome = match result {
            Ok(record) => Ok(Delivered {
                partition: record.partition(),
                offset: record.offset(),
                append_ms: record.timestamp().to_millis(),
            }),
            Err((error, _)) => Err(not_delivered(error)),
        };
        // Nobody waits for it when the request has been given up.
        let _ = sender.send(outcome);
    }
}

impl Producer {
    pub fn new(kafka: &KafkaConfig, settings: &ProducerSettings) -> Result<Self, KafkaError> {
        let config = client_config(kafka, settings);
        Ok(Self { inner: PolledProducer::new(&config, settings.name, TellSender)?, name: settings.name })
    }

    /// Hands the record to the queue and waits until the broker has acknowledged it.
    pub async fn send(&self, record: &OutgoingRecord<'_>) -> Result<Delivered, SendError> {
        let outcome = match self.enqueue(record) {
            Ok(delivery) => delivery.await,
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            self.count_failure(error);
        }
        outcome
    }

    /// Hands the record to the queue and returns; the returned future tells how it ended.
    /// Dropping that future leaves the record on its way.
    pub fn enqueue(
        &self,
        record: &OutgoingRecord<'_>,
    ) -> Result<impl Future<Output = Result<Delivered, SendError>> + Send + use<>, SendError> {
        let (sender, delivery) = oneshot::channel();
        let mut outgoing = base_record(record, Box::new(sender));
        if !record.headers.is_empty() {
            let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
            for (name, value) in record.headers {
                headers = headers.insert(Header { key: name, value: Some(*value) });
            }
            outgoing = outgoing.headers(headers);
        }
        self.inner.inner().send(outgoing).map_err(|(error, _)| not_queued(&error))?;
        Ok(async move {
            delivery.await.unwrap_or_else(|_| Err(SendError::Unknown("the producer was closed".to_owned())))
        })
    }

    /// Records waiting in the queue or in flight.
    pub fn waiting(&self) -> i32 {
        self.inner.inner().in_flight_count()
    }

    /// Opens the connections, so that the first record does not pay for it: asks for the topic's
    /// metadata. Returns its partition count.
    pub async fn warm(&self, topic: &str, timeout: Duration) -> Result<usize, KafkaError> {
        self.inner.warm(topic, timeout).await
    }

    /// Waits until the queue is empty.
    pub async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        self.inner.flush(timeout).await
    }

    /// Counts a failed send, for those who took the future of [`Producer::enqueue`].
    pub fn count_failure(&self, error: &SendError) {
        MetricName::ProducerErrors
            .counter_of(&[("producer", self.name), ("reason", error.reason())])
            .increment(1);
    }

    /// What makes this producer useless for ever; only a new one helps.
    pub fn fatal_error(&self) -> Option<String> {
        self.inner.fatal_error()
    }

    /// Publishes the length of the queue.
    pub fn report(&self) {
        MetricName::ProducerQueue.gauge_of(&[("producer", self.name)]).set(f64::from(self.waiting()));
    }
}

/// What every producer of ours sets.
pub(super) fn client_config(kafka: &KafkaConfig, settings: &ProducerSettings) -> ClientConfig {
    let mut config: ClientConfig = kafka.client(settings.name);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A batch holds one record or a few, and zstd's start alone costs 20 microseconds a batch.
        .set("compression.type", "lz4")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", settings.linger.as_millis().to_string())
        .set("message.timeout.ms", settings.message_timeout.as_millis().to_string())
        // A request that the broker never answers is given up early enough to be sent once more.
        .set("request.timeout.ms", (settings.message_timeout / 2).as_millis().to_string())
        .set(
            "socket.timeout.ms",
            (settings.message_timeout / 2 + Duration::from_secs(1)).as_millis().to_string(),
        )
        .set("queue.buffering.max.messages", settings.queue_records.to_string())
        .set("queue.buffering.max.kbytes", settings.queue_kbytes.to_string())
        .set("message.max.bytes", "1000000");
    config
}

/// A record as librdkafka takes it, without headers.
pub(super) fn base_record<'a, D: rdkafka::util::IntoOpaque>(
    record: &OutgoingRecord<'a>,
    opaque: D,
) -> BaseRecord<'a, [u8], [u8], D> {
    let outgoing =
        BaseRecord::with_opaque_to(record.topic, opaque).partition(record.partition).key(record.key);
    match record.payload {
        Some(payload) => outgoing.payload(payload),
        None => outgoing,
    }
}

pub(super) fn not_queued(error: &KafkaError) -> SendError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => SendError::QueueFull,
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => SendError::Refused(error.to_string()),
        _ => SendError::NotSent(error.to_string()),
    }
}

fn not_delivered(error: &KafkaError) -> SendError {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidRecord,
        ) => SendError::Refused(error.to_string()),
        // A right that is missing may be given, as a topic may be made.
        Some(
            RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::TopicAuthorizationFailed,
        ) => SendError::NotSent(error.to_string()),
        _ => SendError::Unknown(error.to_string()),
    }
}
