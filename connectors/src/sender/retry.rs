//! When a call that certainly was not taken is made again: exponential backoff with full jitter (AWS Architecture
//! Blog, Marc Brooker, "Exponential Backoff And Jitter", 2015). However often that was: what ends it is that the
//! message is late.

use std::time::Duration;

use crate::providers::NotTaken;

/// More than a day is not waited at a provider's word; by then most messages are late anyway.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest wait after the first call.
    pub base: Duration,
    /// The longest wait after any.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base: Duration::from_secs(2), cap: Duration::from_secs(15 * 60) }
    }
}

impl RetryPolicy {
    /// How long is waited after the `attempt`th call, counted from 1. `random` is drawn evenly from 0 up to, and
    /// without, 1. `Retry-After` is the least that is waited; the jitter comes on top, or everybody who was told
    /// the same would come back at the same moment.
    pub fn after(&self, attempt: u32, not_taken: &NotTaken, random: f64) -> Duration {
        let asked = not_taken.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let jitter = self.longest(attempt).mul_f64(random.clamp(0.0, 1.0));
        asked + jitter
    }

    /// `min(cap, base * 2^(attempt - 1))`.
    fn longest(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::providers::NotTakenKind;

    fn not_taken(kind: NotTakenKind, retry_after: Option<u64>) -> NotTaken {
        NotTaken { reason: "test", retry_after: retry_after.map(Duration::from_secs), kind }
    }

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap() {
        let policy = RetryPolicy::default();
        let seconds: Vec<_> = (0..13).map(|attempt| policy.longest(attempt).as_secs()).collect();
        assert_eq!(seconds, [2, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(policy.longest(u32::MAX).as_secs(), 900);
    }

    #[test]
    fn jitter_is_full() {
        let policy = RetryPolicy::default();
        let wait = |random| policy.after(3, &not_taken(NotTakenKind::Away, None), random);
        assert_eq!(wait(0.0), Duration::ZERO);
        assert_eq!(wait(0.5), Duration::from_secs(4));
        assert_eq!(wait(0.25), Duration::from_secs(2));
        assert_eq!(wait(1.0), Duration::from_secs(8));
    }

    proptest! {
        #[test]
        fn a_wait_lies_between_what_was_asked_and_the_cap_above_it(
            attempt in any::<u32>(),
            retry_after in prop::option::of(any::<u64>()),
            random in 0.0_f64..1.0,
        ) {
            let policy = RetryPolicy::default();
            let wait = policy.after(attempt, &not_taken(NotTakenKind::Limit, retry_after), random);
            let asked = Duration::from_secs(retry_after.unwrap_or_default()).min(MAX_RETRY_AFTER);
            prop_assert!(wait >= asked && wait <= asked + policy.cap);
        }
    }
}
