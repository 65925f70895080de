//! Kafka clients: one configuration, the producer, and the follower of small topics.

mod config;
mod ends;
mod follower;
mod producer;

pub use config::KafkaConfig;
pub use follower::{Follower, NotAtEnd, TableRecord};
pub use producer::{Delivered, OutgoingRecord, Producer, ProducerSettings, SendError};
