use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// All epochs of one topic, on `topic.epoch.v1`: how many partitions it had from when on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicEpochs {
    pub topic: String,
    /// UUID made when the topic is created; another one means another topic of the same name.
    pub incarnation: String,
    /// In order of `number`, from 0; never empty.
    pub epochs: Vec<Epoch>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    pub number: i32,
    /// Ids minted at or after this moment use `partitions`; milliseconds since 1970 (UTC), 0 for epoch 0.
    pub begins_at: i64,
    pub partitions: i32,
    /// Modulus of the salt that spreads one quiz over partitions.
    pub salt: i32,
}

impl TopicEpochs {
    /// The epoch in which an id minted at `minted_at` (milliseconds since 1970) lives.
    pub fn at(&self, minted_at: i64) -> Option<&Epoch> {
        self.epochs.iter().rev().find(|epoch| epoch.begins_at <= minted_at).or_else(|| self.epochs.first())
    }
}

impl AvroEvent for TopicEpochs {
    const FULL_NAME: &'static str = "com.vendzz.TopicEpochs";
    const SCHEMA: &'static str = include_str!("../../avro/TopicEpochs.avsc");
}
