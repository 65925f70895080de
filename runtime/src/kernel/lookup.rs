use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::kafka::{KafkaConfig, Rebootstrap, watermarks};

/// One question at most.
pub(super) const CALL: Duration = Duration::from_secs(5);

/// Questions about partitions, asked outside the poll loop through a client of their own.
#[derive(Clone)]
pub(super) struct Lookup {
    consumer: Arc<BaseConsumer>,
    rebootstrap: Arc<Mutex<Rebootstrap>>,
}

impl Lookup {
    pub(super) fn new(kafka: &KafkaConfig, group: &str) -> Result<Self, KafkaError> {
        Self::of(&kafka.reader(&format!("lookup.{group}")))
    }

    /// Asks as the client that `config` makes.
    pub(super) fn of(config: &ClientConfig) -> Result<Self, KafkaError> {
        let rebootstrap = Arc::new(Mutex::new(Rebootstrap::new(config)));
        Ok(Self { consumer: Arc::new(config.create()?), rebootstrap })
    }

    /// Low watermark, and the offset of the next record.
    pub(super) async fn watermarks(&self, topic: &str, partition: i32) -> anyhow::Result<(i64, i64)> {
        let topic = topic.to_owned();
        self.ask(move |consumer| {
            watermarks(consumer, &topic, partition, CALL)
                .with_context(|| format!("cannot ask Kafka for the watermarks of {topic}/{partition}"))
        })
        .await
    }

    /// Offset of the first record appended at or after `append_ms`; `None` when there is none.
    pub(super) async fn first_at(
        &self,
        topic: &str,
        partition: i32,
        append_ms: i64,
    ) -> anyhow::Result<Option<i64>> {
        let topic = topic.to_owned();
        self.ask(move |consumer| {
            let mut asked = TopicPartitionList::new();
            asked.add_partition_offset(&topic, partition, Offset::Offset(append_ms.max(0)))?;
            let answer = consumer.offsets_for_times(asked, CALL).with_context(|| {
                format!("cannot ask Kafka for the offset of a time in {topic}/{partition}")
            })?;
            let element =
                answer.find_partition(&topic, partition).context("Kafka left out the partition asked for")?;
            element.error().context("Kafka could not find the offset of a time")?;
            match element.offset() {
                Offset::Offset(offset) => Ok(Some(offset)),
                _ => Ok(None),
            }
        })
        .await
    }

    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&BaseConsumer) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let consumer = self.consumer.clone();
        let rebootstrap = self.rebootstrap.clone();
        tokio::task::spawn_blocking(move || {
            // Nothing is ever assigned; this only takes the client's own events off its queue.
            while consumer.poll(Duration::ZERO).is_some() {}
            rebootstrap.lock().unwrap_or_else(PoisonError::into_inner).attend(consumer.client());
            question(&consumer)
        })
        .await
        .context("the question to Kafka was cut off")?
    }
}
