use std::time::Duration;

use rand::RngExt;

/// Exponential backoff with full jitter over its upper half, so that what failed together does
/// not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (self.next * 2).min(self.longest);
        wait.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// After a success the first wait is short again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}
