use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Context;
use serde_json::Value;
use uuid::Uuid;
use vendzz_schemas::topics;

use crate::reckoning::TopicOffsets;
use crate::reckoning::kafka::{LogReader, Position};

/// What `campaign.delivery.v1` says of a run.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    /// By message and number: the first copy of each.
    pub events: HashMap<Uuid, BTreeMap<i32, LoggedDelivery>>,
    /// Records beyond the first of each.
    pub copies: u64,
    /// Events whose copies say different things: message and number.
    pub differing_copies: Vec<String>,
    /// Records that cannot be read, or stand under another key than their message.
    pub unreadable: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedDelivery {
    pub what: String,
    pub channel: String,
    pub campaign_id: String,
    /// Of everything that it says.
    pub fingerprint: u64,
}

impl Deliveries {
    /// From the run's begin to the topic's end of now.
    pub(super) fn read(reader: &LogReader, begins: &TopicOffsets) -> anyhow::Result<Self> {
        let topic = topics::CAMPAIGN_DELIVERY;
        let consumer = reader.consumer()?;
        let mut deliveries = Self::default();
        for (partition, low, high) in reader.watermarks(&consumer, topic)? {
            let range = begins.get(topic, partition).max(low)..high;
            let mut take = |position: &Position, fields: crate::reckoning::avro::Fields| {
                deliveries.take(&position.key, &fields.to_value()?)
            };
            let unreadable = reader.read_range(&consumer, topic, partition, range, &mut take)?;
            deliveries.unreadable.extend(unreadable);
        }
        Ok(deliveries)
    }

    pub(super) fn take(&mut self, key: &str, record: &Value) -> anyhow::Result<()> {
        let text = |name: &str| {
            record[name].as_str().map(str::to_owned).with_context(|| format!("has no text {name}"))
        };
        let id: Uuid = text("message_id")?.parse()?;
        anyhow::ensure!(key == id.to_string(), "its key is not its message");
        let number = record["number"].as_i64().context("number")?;
        let number = i32::try_from(number).context("number")?;
        let found = LoggedDelivery {
            what: text("what")?,
            channel: text("channel")?,
            campaign_id: text("campaign_id")?,
            fingerprint: fingerprint(record),
        };
        let of_message = self.events.entry(id).or_default();
        match of_message.get(&number) {
            None => {
                of_message.insert(number, found);
            }
            Some(first) => {
                self.copies += 1;
                if *first != found {
                    self.differing_copies.push(format!("{id} number {number}"));
                }
            }
        }
        Ok(())
    }
}

/// JSON objects are sorted by name here, so equal records have equal texts.
fn fingerprint(record: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.to_string().hash(&mut hasher);
    hasher.finish()
}
