use std::time::Duration;

use rand::{Rng, RngExt};

/// How long to wait before an event is sent again.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
    /// From the first attempt on; afterwards nothing is sent again.
    pub patience: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(2),
            patience: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// The pause after attempt number `attempt` (the first is 0): doubled each time, of which a
    /// random part is taken, so that clients that failed together do not come back together. What
    /// the server asked for (`Retry-After`) is the least.
    pub fn pause(&self, attempt: u32, asked_for: Option<Duration>, rng: &mut impl Rng) -> Duration {
        let doubled =
            self.first.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX)).min(self.longest);
        let jittered = doubled.mul_f64(rng.random_range(0.5..1.0));
        match asked_for {
            Some(asked_for) => asked_for + jittered,
            None => jittered,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_respect_the_server() {
        let backoff = Backoff::default();
        let mut rng = StdRng::seed_from_u64(1);
        let mut pause = |attempt, asked_for| backoff.pause(attempt, asked_for, &mut rng).as_millis();
        assert!((50..=100).contains(&pause(0, None)));
        assert!((200..=400).contains(&pause(2, None)));
        for attempt in [5, 31, 32, 1_000] {
            assert!((1_000..=2_000).contains(&pause(attempt, None)), "{attempt}");
        }
        assert!((1_050..=1_100).contains(&pause(0, Some(Duration::from_secs(1)))));
    }
}
