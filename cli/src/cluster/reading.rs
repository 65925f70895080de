use std::time::{Duration, Instant};

use anyhow::bail;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::Cluster;

/// A partition that yields nothing for this long, although more is there, is an error.
const SILENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(100);

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRecord {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Append time, milliseconds since 1970 (UTC); `None` when the broker keeps none.
    pub(crate) append_ms: Option<i64>,
    pub(crate) key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl StoredRecord {
    pub(crate) fn of(message: &BorrowedMessage<'_>) -> Self {
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Self {
            partition: message.partition(),
            offset: message.offset(),
            append_ms: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers
                .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
                .collect(),
        }
    }
}

impl Cluster {
    /// Everything that a small topic of one partition holds now, in the order of offsets.
    pub(crate) fn read_whole(&self, topic: &str) -> anyhow::Result<Vec<StoredRecord>> {
        let (low, high) = self.watermarks(topic, 0)?;
        let consumer: BaseConsumer = self.config().reader("cli-table").create()?;
        consumer.assign(&position(topic, 0, low)?)?;
        let mut records = Vec::new();
        let mut next = low;
        let mut heard_at = Instant::now();
        while next < high {
            match consumer.poll(POLL) {
                Some(Ok(message)) => {
                    next = message.offset() + 1;
                    records.push(StoredRecord::of(&message));
                    heard_at = Instant::now();
                }
                // Compaction may have taken the last records before the end.
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) => {
                    return Err(self.failed(error).context(format!("{topic} cannot be read")));
                }
                None if heard_at.elapsed() > SILENCE => {
                    bail!("{topic} stays silent at offset {next}, before its end {high}")
                }
                None => {}
            }
        }
        Ok(records)
    }
}

/// One partition at an explicit offset.
pub(crate) fn position(topic: &str, partition: i32, offset: i64) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    Ok(list)
}
