use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;

use super::rebootstrap::Rebootstrap;
use super::watermarks::{Watermark, watermark};

/// Asks where the partitions of a topic end, over a connection of its own: on the one that reads, the
/// question would wait behind a fetch that waits for records. It connects when it is first asked.
pub(super) struct Ends {
    config: ClientConfig,
    topic: String,
    asker: OnceLock<Arc<BaseConsumer>>,
    rebootstrap: Mutex<Rebootstrap>,
}

impl Ends {
    pub(super) fn new(mut config: ClientConfig, topic: String) -> Self {
        config.remove("group.id");
        let rebootstrap = Mutex::new(Rebootstrap::new(&config));
        Self { config, topic, asker: OnceLock::new(), rebootstrap }
    }

    /// The high watermark of each of these partitions, as the brokers say it now. Blocks.
    pub(super) fn of(&self, partitions: &[i32], timeout: Duration) -> Result<BTreeMap<i32, i64>, KafkaError> {
        let asker = match self.asker.get() {
            Some(asker) => asker.clone(),
            None => {
                let made = Arc::new(self.config.create()?);
                self.asker.get_or_init(|| made).clone()
            }
        };
        self.rebootstrap.lock().unwrap_or_else(PoisonError::into_inner).attend(asker.client());
        let mut ends = BTreeMap::new();
        for partition in partitions {
            let end = watermark(&asker, &self.topic, *partition, Watermark::High, timeout)?;
            ends.insert(*partition, end);
        }
        Ok(ends)
    }
}
