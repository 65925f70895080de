use std::time::Duration;

use super::api::{Poison, Record, Source};
use crate::kafka::{KafkaConfig, OutgoingRecord, Producer, ProducerSettings, SendError};
use crate::telemetry::MetricName;

/// Headers of a dead letter.
pub mod headers {
    pub const REASON: &str = "vendzz-reason";
    pub const DETAIL: &str = "vendzz-detail";
    pub const TOPIC: &str = "vendzz-topic";
    pub const PARTITION: &str = "vendzz-partition";
    pub const OFFSET: &str = "vendzz-offset";
    pub const APPEND_MS: &str = "vendzz-append-ms";
    pub const GROUP: &str = "vendzz-group";
}

/// Sets records aside: original key, bytes and headers, with where they stood and why.
#[derive(Clone)]
pub(super) struct DeadLetters {
    producer: Producer,
    topic: String,
    group: &'static str,
}

impl DeadLetters {
    pub(super) fn new(
        kafka: &KafkaConfig,
        topic: &str,
        group: &'static str,
    ) -> Result<Self, rdkafka::error::KafkaError> {
        let settings = ProducerSettings {
            name: "dead_letters",
            linger: Duration::from_millis(5),
            queue_records: 10_000,
            queue_kbytes: 64 << 10,
            message_timeout: Duration::from_secs(8),
        };
        Ok(Self { producer: Producer::new(kafka, &settings)?, topic: kafka.name(topic), group })
    }

    /// Returns once the letter is acknowledged.
    pub(super) async fn write(
        &self,
        source: &Source,
        record: &Record,
        poison: &Poison,
    ) -> Result<(), SendError> {
        let partition = source.partition.to_string();
        let offset = record.offset.to_string();
        let append_ms = record.append_ms.to_string();
        let mut all: Vec<(&str, &[u8])> = vec![
            (headers::REASON, poison.reason.as_bytes()),
            (headers::DETAIL, poison.detail.as_bytes()),
            (headers::TOPIC, source.topic.as_bytes()),
            (headers::PARTITION, partition.as_bytes()),
            (headers::OFFSET, offset.as_bytes()),
            (headers::APPEND_MS, append_ms.as_bytes()),
            (headers::GROUP, self.group.as_bytes()),
        ];
        all.extend(record.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        let letter = OutgoingRecord {
            topic: &self.topic,
            // Partition 0 always exists; dead letters are few and their order is nobody's promise.
            partition: 0,
            key: &record.key,
            payload: record.value.as_deref(),
            headers: &all,
        };
        self.producer.send(&letter).await?;
        MetricName::DeadLetters.counter_of(&[("group", self.group), ("reason", poison.reason)]).increment(1);
        tracing::error!(
            topic = source.topic,
            partition = source.partition,
            offset = record.offset,
            reason = poison.reason,
            detail = poison.detail,
            "record set aside as a dead letter"
        );
        Ok(())
    }
}
