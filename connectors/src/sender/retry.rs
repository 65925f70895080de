//! When a call that certainly was not taken is made again: exponential backoff with full jitter (AWS Architecture
//! Blog, Marc Brooker, "Exponential Backoff And Jitter", 2015).

use std::time::Duration;

use crate::providers::NotTaken;

/// More than a day is not waited at a provider's word; by then most messages are late anyway.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// What [`NotTaken::reason`] says of a rate limit.
const RATE_LIMITED: &str = "rate_limited";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest wait after the first call.
    pub base: Duration,
    /// The longest wait after any.
    pub cap: Duration,
    /// Calls in all; after the last there is none. A rate limit is later, however often.
    pub max_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base: Duration::from_secs(2), cap: Duration::from_secs(15 * 60), max_attempts: 10 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    After(Duration),
    GiveUp,
}

impl RetryPolicy {
    /// What follows after the `attempt`th call, counted from 1. `random` is drawn evenly from 0 up to, and
    /// without, 1. `Retry-After` is the least that is waited; the jitter comes on top, or everybody who was told
    /// the same would come back at the same moment.
    pub fn after(&self, attempt: u32, not_taken: &NotTaken, random: f64) -> Retry {
        if attempt >= self.max_attempts && not_taken.reason != RATE_LIMITED {
            return Retry::GiveUp;
        }
        let asked = not_taken.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
        let jitter = self.longest(attempt).mul_f64(random.clamp(0.0, 1.0));
        Retry::After(asked + jitter)
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

    fn not_taken(reason: &'static str, retry_after: Option<u64>) -> NotTaken {
        NotTaken { reason, retry_after: retry_after.map(Duration::from_secs), is_outage: false }
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
        let wait = |random| policy.after(3, &not_taken("connect", None), random);
        assert_eq!(wait(0.0), Retry::After(Duration::ZERO));
        assert_eq!(wait(0.5), Retry::After(Duration::from_secs(4)));
        assert_eq!(wait(0.25), Retry::After(Duration::from_secs(2)));
        assert_eq!(wait(1.0), Retry::After(Duration::from_secs(8)));
    }

    #[test]
    fn too_many_calls_are_given_up_but_for_a_rate_limit() {
        let policy = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
        assert_ne!(policy.after(2, &not_taken("connect", None), 0.0), Retry::GiveUp);
        assert_eq!(policy.after(3, &not_taken("connect", None), 0.0), Retry::GiveUp);
        assert_eq!(policy.after(u32::MAX, &not_taken("connect", Some(1)), 0.0), Retry::GiveUp);
        let limited = policy.after(1_000, &not_taken("rate_limited", None), 0.5);
        assert_eq!(limited, Retry::After(Duration::from_secs(450)));
    }

    proptest! {
        #[test]
        fn a_wait_lies_between_what_was_asked_and_the_cap_above_it(
            attempt in any::<u32>(),
            retry_after in prop::option::of(any::<u64>()),
            random in 0.0_f64..1.0,
        ) {
            let policy = RetryPolicy::default();
            let Retry::After(wait) = policy.after(attempt, &not_taken("rate_limited", retry_after), random) else {
                return Err(TestCaseError::fail("a rate limit was given up"));
            };
            let asked = Duration::from_secs(retry_after.unwrap_or_default()).min(MAX_RETRY_AFTER);
            prop_assert!(wait >= asked && wait <= asked + policy.cap);
        }
    }
}
