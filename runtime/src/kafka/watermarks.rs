use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

/// The first offset that is kept (low), and the offset that the next record gets (high). Blocks; `timeout` is
/// for each of the two questions.
///
/// `fetch_watermarks` of the client must not be used: it asks both questions at once, and when the broker
/// refuses one of them it may answer as if the partition were empty, low and high the same.
pub fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> KafkaResult<(i64, i64)> {
    let low = low_watermark(consumer, topic, partition, timeout)?;
    Ok((low, high_watermark(consumer, topic, partition, timeout)?))
}

/// The first offset that is kept.
pub fn low_watermark<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> KafkaResult<i64> {
    ask(consumer, topic, partition, Offset::Beginning, timeout)
}

/// The offset that the next record gets.
pub fn high_watermark<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    timeout: Duration,
) -> KafkaResult<i64> {
    ask(consumer, topic, partition, Offset::End, timeout)
}

/// `ListOffsets` of the Kafka protocol takes the two ends in the place of a timestamp.
fn ask<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    end: Offset,
    timeout: Duration,
) -> KafkaResult<i64> {
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
