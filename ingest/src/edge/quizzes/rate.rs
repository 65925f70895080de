use std::sync::atomic::{AtomicU64, Ordering};

const WINDOW_MS: i64 = 5_000;

/// How many submissions a quiz receives: counted in windows of five seconds. It makes the bot check
/// stricter and moves the quiz forward in the order of shedding; it refuses nobody by itself, or anyone
/// could switch off a competitor's quiz.
#[derive(Debug, Default)]
pub struct QuizRate {
    /// Upper half: the window's number, cut to 32 bits; lower half: submissions in it.
    current: AtomicU64,
    /// Submissions in the last whole window.
    previous: AtomicU64,
}

impl QuizRate {
    /// Counts one submission at a time in milliseconds since 1970.
    pub fn count(&self, now_ms: i64) {
        let window = window_of(now_ms);
        let seen = self.current.fetch_add(1, Ordering::Relaxed);
        if seen >> 32 == window {
            return;
        }
        // The first one of a new window turns the page. A count lost between threads does not matter.
        let turned =
            self.current.compare_exchange(seen + 1, (window << 32) | 1, Ordering::Relaxed, Ordering::Relaxed);
        if turned.is_ok() {
            let was_last = (seen >> 32).wrapping_add(1) & u64::from(u32::MAX) == window;
            let count = if was_last { seen & u64::from(u32::MAX) } else { 0 };
            self.previous.store(count, Ordering::Relaxed);
        }
    }

    /// Submissions a second, over the last whole window or the one that runs, whichever has more.
    pub fn per_second(&self, now_ms: i64) -> u64 {
        let window = window_of(now_ms);
        let current = self.current.load(Ordering::Relaxed);
        let (number, count) = (current >> 32, current & u64::from(u32::MAX));
        let most = if number == window {
            count.max(self.previous.load(Ordering::Relaxed))
        } else if number.wrapping_add(1) & u64::from(u32::MAX) == window {
            count
        } else {
            0
        };
        most * 1_000 / WINDOW_MS.unsigned_abs()
    }
}

fn window_of(now_ms: i64) -> u64 {
    (now_ms / WINDOW_MS).unsigned_abs() & u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds_and_fades() {
        let rate = QuizRate::default();
        assert_eq!(rate.per_second(0), 0);
        for at in 0..5_000 {
            rate.count(1_000_000 + at);
        }
        assert_eq!(rate.per_second(1_004_999), 1_000);
        rate.count(1_005_000);
        assert_eq!(rate.per_second(1_005_000), 1_000, "the last whole window still counts");
        assert_eq!(rate.per_second(1_010_000), 0, "one in the window before");
        assert_eq!(rate.per_second(1_100_000), 0);
    }
}
