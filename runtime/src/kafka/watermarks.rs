use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

/// An end of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watermark {
    /// The first offset that is kept.
    Low,
    /// The offset that the next record gets.
    High,
}

/// Low and high. Blocks, for `timeout` in all.
///
/// `fetch_watermarks` of the client must not be used: it asks both questions at once, and when the broker
/// refuses one of them it may answer as if the partition were empty, low and high the same.
pub fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> KafkaResult<(i64, i64)> {
    let deadline = Instant::now() + timeout;
    let low = watermark(consumer, topic, partition, Watermark::Low, timeout)?;
    let rest = deadline.saturating_duration_since(Instant::now());
    Ok((low, watermark(consumer, topic, partition, Watermark::High, rest)?))
}

/// One of the two. Blocks. `ListOffsets` of the Kafka protocol takes the ends in the place of a timestamp.
pub fn watermark<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    which: Watermark,
    timeout: Duration,
) -> KafkaResult<i64> {
    let end = match which {
        Watermark::Low => Offset::Beginning,
        Watermark::High => Offset::End,
    };
    let mut asked = TopicPartitionList::with_capacity(1);
    asked.add_partition_offset(topic, partition, end)?;
    let answer = consumer.offsets_for_times(asked, timeout)?;
    let missing = || KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition);
    let element = answer.find_partition(topic, partition).ok_or_else(missing)?;
    element.error()?;
    match element.offset() {
        Offset::Offset(offset) => Ok(offset),
        _ => Err(missing()),
    }
}
