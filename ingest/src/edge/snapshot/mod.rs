//! What an edge needs to start while Kafka is away, on its own disk.

mod file;
mod keeper;

pub use file::{Snapshot, SnapshotError};
pub use keeper::SnapshotKeeper;
