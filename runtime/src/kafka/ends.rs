use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;

use super::rebootstrap::Rebootstrap;
use super::watermarks::{Watermark, watermark, watermarks};

/// Asks where the partitions of a topic end, over a connection of its own: on the one that reads, the
/// question would wait behind a fetch that waits for records. It connects when it is first asked.
pub struct Ends {
    config: ClientConfig,
    topic: String,
    asker: OnceLock<Arc<BaseConsumer>>,
    rebootstrap: Mutex<Rebootstrap>,
}

impl Ends {
    /// `config` is that of the client that asks; without the group, if it names one.
    pub fn new(mut config: ClientConfig, topic: String) -> Self {
        config.remove("group.id");
        let rebootstrap = Mutex::new(Rebootstrap::new(&config));
        Self { config, topic, asker: OnceLock::new(), rebootstrap }
    }

    /// The high watermark of each of these partitions, as the brokers say it now. Blocks.
    pub(super) fn of(&self, partitions: &[i32], timeout: Duration) -> Result<BTreeMap<i32, i64>, KafkaError> {
        let asker = self.asker()?;
        let mut ends = BTreeMap::new();
        for partition in partitions {
            let end = watermark(&asker, &self.topic, *partition, Watermark::High, timeout)?;
            ends.insert(*partition, end);
        }
        Ok(ends)
    }

    /// Low and high watermark of a partition, as its broker says them now. Blocks, for `timeout` in all.
    pub fn both_of(&self, partition: i32, timeout: Duration) -> Result<(i64, i64), KafkaError> {
        let asker = self.asker()?;
        watermarks(&asker, &self.topic, partition, timeout)
    }

    fn asker(&self) -> Result<Arc<BaseConsumer>, KafkaError> {
        let asker = match self.asker.get() {
            Some(asker) => asker.clone(),
            None => {
                let made = Arc::new(self.config.create()?);
                self.asker.get_or_init(|| made).clone()
            }
        };
        self.rebootstrap.lock().unwrap_or_else(PoisonError::into_inner).attend(asker.client());
        Ok(asker)
    }
}
