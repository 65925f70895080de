//! Kafka clients: one configuration, the producer, and the follower of small topics.

mod best_effort_producer;
mod config;
mod durability;
mod ends;
mod follower;
mod producer;

pub use best_effort_producer::BestEffortProducer;
pub use config::KafkaConfig;
pub use durability::{NotDurable, check_durability};
pub use follower::{Follower, NotAtEnd, TableRecord};
pub use producer::{Delivered, OutgoingRecord, Producer, ProducerSettings, SendError};
