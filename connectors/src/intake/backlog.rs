use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Rows that are due and unsent, as the sender saw them last: while there are too many, intake waits, and what
/// is not taken in yet stays in the log.
#[derive(Debug)]
pub struct Backlog {
    due: AtomicU64,
    limit: u64,
}

impl Backlog {
    pub fn new(limit: u64) -> Self {
        Self { due: AtomicU64::new(0), limit }
    }

    pub fn limit(&self) -> u64 {
        self.limit
    }

    pub fn is_now(&self, due: u64) {
        self.due.store(due, Ordering::Relaxed);
    }

    /// Returns once there is room.
    pub async fn has_room(&self) {
        while self.due.load(Ordering::Relaxed) >= self.limit {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
