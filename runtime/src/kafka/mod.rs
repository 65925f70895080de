//! Kafka clients: one configuration, the producer, and the follower of small topics.

mod best_effort_producer;
mod config;
mod durability;
mod ends;
mod follower;
mod polled;
mod producer;
mod rebootstrap;
mod watermarks;

pub use best_effort_producer::BestEffortProducer;
pub use config::KafkaConfig;
pub use durability::require_durability;
pub use ends::Ends;
pub use follower::{Follower, NotAtEnd, TableRecord};
pub use producer::{Delivered, OutgoingRecord, Producer, ProducerSettings, SendError};
pub(crate) use rebootstrap::Rebootstrap;
pub use watermarks::{Watermark, watermark, watermarks};
