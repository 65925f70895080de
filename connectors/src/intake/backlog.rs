use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Rows that may be leased and were not yet, as the sender counted them last. Every pool has an equal share of the limit,
/// and counts up to it: intake waits while all have theirs, and what is not taken in yet stays in the log. One
/// pool that sends slowly, however much it has to send, keeps no other one's messages out.
#[derive(Debug)]
pub struct Backlog {
    counted: AtomicU64,
    pools: u64,
    share: u64,
}

impl Backlog {
    pub fn new(limit: u64, pools: usize) -> Self {
        let pools = pools as u64;
        Self { counted: AtomicU64::new(0), pools, share: (limit / pools.max(1)).max(1) }
    }

    /// Rows of one pool that count at most.
    pub fn share(&self) -> u64 {
        self.share
    }

    /// The sum over all pools.
    pub fn is_now(&self, counted: u64) {
        self.counted.store(counted, Ordering::Relaxed);
    }

    /// Returns once there is room.
    pub async fn has_room(&self) {
        while self.is_full() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn is_full(&self) -> bool {
        self.pools > 0 && self.counted.load(Ordering::Relaxed) >= self.share.saturating_mul(self.pools)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_when_every_pool_has_its_share() {
        // Limit, pools; what is counted just before it is full, and then.
        for (limit, pools, not_yet, full) in
            [(20_000, 1, 19_999, 20_000), (20_000, 3, 19_997, 19_998), (10, 4, 7, 8), (2, 5, 4, 5)]
        {
            let backlog = Backlog::new(limit, pools);
            backlog.is_now(not_yet);
            assert!(!backlog.is_full(), "{limit} {pools}");
            backlog.is_now(full);
            assert!(backlog.is_full(), "{limit} {pools}");
            assert_eq!(backlog.share() * pools as u64, full);
        }
    }

    #[test]
    fn a_worker_that_knows_no_pool_takes_in_all_the_same() {
        let backlog = Backlog::new(1, 0);
        backlog.is_now(100);
        assert!(!backlog.is_full());
    }
}
