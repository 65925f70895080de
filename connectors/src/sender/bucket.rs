//! The arithmetic of a sender's token bucket, as the rows of `sending.sender_buckets` hold it.

use chrono::{DateTime, TimeDelta, Utc};

/// PostgreSQL keeps microseconds.
const MICROSECONDS: f64 = 1_000_000.0;
/// A token that lacks no more than this is whole: otherwise sums of tenths would make a sender wait for a
/// moment that is already there.
const ROUNDING: f64 = 1e-6;

/// How fast a sender may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    burst: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    #[error("perSecond must be more than 0.001 and at most 100000")]
    PerSecond,
    #[error("burst must be 1 at least")]
    Burst,
}

impl Rate {
    /// Messages a second, and how many at once after a rest.
    pub fn new(per_second: f64, burst: u32) -> Result<Self, RateError> {
        if !(per_second > 0.001 && per_second <= 100_000.0) {
            return Err(RateError::PerSecond);
        }
        if burst == 0 {
            return Err(RateError::Burst);
        }
        Ok(Self { per_second, burst })
    }

    pub fn per_second(self) -> f64 {
        self.per_second
    }

    pub fn burst(self) -> u32 {
        self.burst
    }
}

/// `tokens` as they were at `refilled_at`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub tokens: f64,
    pub refilled_at: DateTime<Utc>,
}

impl Bucket {
    pub fn full(rate: Rate, now: DateTime<Utc>) -> Self {
        Self { tokens: f64::from(rate.burst), refilled_at: now }
    }

    /// With what has come in since. A clock that goes back brings nothing and takes nothing. A bucket that holds
    /// more than `burst` (it was larger once) is cut; what is no number counts as empty.
    pub fn refilled(self, rate: Rate, now: DateTime<Utc>) -> Self {
        let since = (now - self.refilled_at).max(TimeDelta::zero());
        let seconds = since.num_microseconds().map_or(f64::MAX, |micros| micros as f64 / MICROSECONDS);
        let held = if self.tokens.is_finite() { self.tokens } else { 0.0 };
        let tokens = (held + seconds * rate.per_second).min(f64::from(rate.burst));
        Self { tokens, refilled_at: self.refilled_at.max(now) }
    }

    /// How many messages may go at this moment.
    pub fn whole_tokens(self, rate: Rate, now: DateTime<Utc>) -> u32 {
        let tokens = (self.refilled(rate, now).tokens + ROUNDING).floor();
        // At most `burst`, which is a u32; below 1 it is none.
        if tokens < 1.0 { 0 } else { tokens as u32 }
    }

    /// Takes as many as there are, at most `wanted`: the bucket after that, and how many.
    pub fn take(self, rate: Rate, wanted: u32, now: DateTime<Utc>) -> (Self, u32) {
        let taken = self.whole_tokens(rate, now).min(wanted);
        let refilled = self.refilled(rate, now);
        (Self { tokens: refilled.tokens - f64::from(taken), ..refilled }, taken)
    }

    /// Gives back what was taken for calls that were not made.
    pub fn give_back(self, rate: Rate, unused: u32) -> Self {
        Self { tokens: (self.tokens + f64::from(unused)).min(f64::from(rate.burst)), ..self }
    }

    /// When the next whole token is there: now, or later, to the microsecond.
    pub fn next_at(self, rate: Rate, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.whole_tokens(rate, now) > 0 {
            return now;
        }
        let refilled = self.refilled(rate, now);
        let micros = ((1.0 - refilled.tokens) / rate.per_second * MICROSECONDS).ceil();
        // A float is cut to the range of an integer; the sum is cut to that of time.
        let wait = TimeDelta::microseconds(micros as i64);
        refilled.refilled_at.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(micros).unwrap()
    }

    fn rate(per_second: f64, burst: u32) -> Rate {
        Rate::new(per_second, burst).unwrap()
    }

    #[test]
    fn one_a_second() {
        let rate = rate(1.0, 1);
        let (bucket, taken) = Bucket::full(rate, at(0)).take(rate, 5, at(0));
        assert_eq!((taken, bucket.whole_tokens(rate, at(999_998))), (1, 0));
        assert_eq!(bucket.next_at(rate, at(0)), at(1_000_000));
        assert_eq!(bucket.take(rate, 5, at(1_000_000)).1, 1);
        assert_eq!(bucket.take(rate, 5, at(60_000_000)).1, 1, "a rest is worth no more than a burst");
    }

    #[test]
    fn odd_contents_are_survived() {
        let rate = rate(80.0, 80);
        let bucket = |tokens| Bucket { tokens, refilled_at: at(0) };
        assert_eq!(bucket(1e9).whole_tokens(rate, at(0)), 80);
        assert_eq!(bucket(-5.0).whole_tokens(rate, at(0)), 0);
        assert_eq!(bucket(f64::NAN).whole_tokens(rate, at(1_000_000)), 80);
        assert_eq!(bucket(f64::INFINITY).whole_tokens(rate, at(0)), 0);
        assert_eq!(
            bucket(0.0).whole_tokens(rate, at(-9_000_000)),
            0,
            "a clock that goes back brings nothing"
        );
        assert_eq!(bucket(-1e300).next_at(rate, at(0)), DateTime::<Utc>::MAX_UTC);
        let far = Bucket { tokens: 0.0, refilled_at: DateTime::<Utc>::MIN_UTC };
        assert_eq!(far.whole_tokens(rate, DateTime::<Utc>::MAX_UTC), 80);
    }

    #[test]
    fn rates_that_are_none() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9, 0.000_1] {
            assert_eq!(Rate::new(per_second, 1), Err(RateError::PerSecond), "{per_second}");
        }
        assert_eq!(Rate::new(1.0, 0), Err(RateError::Burst));
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        (prop_oneof![Just(1.0), Just(0.1), 0.01_f64..200.0], 1_u32..100)
            .prop_map(|(per_second, burst)| rate(per_second, burst))
    }

    proptest! {
        /// Whatever is asked for when, and given back: never more in any span than a burst and what the rate
        /// brings in it.
        #[test]
        fn no_span_gets_more_than_its_share(
            rate in any_rate(),
            asks in prop::collection::vec((0_i64..3_000_000, 0_u32..50, 0_u32..3), 1..60),
        ) {
            let (mut now, mut bucket, mut taken) = (0, Bucket::full(rate, at(0)), Vec::new());
            for (pause, wanted, unused) in asks {
                now += pause;
                let (after, got) = bucket.take(rate, wanted, at(now));
                prop_assert!(got <= wanted);
                let unused = unused.min(got);
                bucket = after.give_back(rate, unused);
                taken.push((now, got - unused));
            }
            for (first, (begin, _)) in taken.iter().enumerate() {
                let mut sum = 0.0;
                for (end, got) in &taken[first..] {
                    sum += f64::from(*got);
                    let share = f64::from(rate.burst()) + rate.per_second() * (end - begin) as f64 / MICROSECONDS;
                    prop_assert!(sum <= share + 1e-3, "{} in {} to {}", sum, begin, end);
                }
            }
        }

        #[test]
        fn the_next_token_is_there_when_it_is_said_and_not_before(
            rate in any_rate(),
            tokens in 0.0_f64..1.0,
            since in 0_i64..2_000_000,
        ) {
            let bucket = Bucket { tokens, refilled_at: at(0) };
            let next = bucket.next_at(rate, at(since));
            prop_assert!(next >= at(since));
            prop_assert!(bucket.whole_tokens(rate, next) >= 1);
            if next > at(since) {
                let earlier = next - TimeDelta::microseconds(3 + (2.0 / rate.per_second()) as i64);
                prop_assert_eq!(bucket.whole_tokens(rate, earlier.max(at(since))), 0);
            }
        }

        /// However often it looks, nothing is lost: a busy sender reaches its rate.
        #[test]
        fn who_looks_often_gets_the_whole_rate(rate in any_rate(), pause in 100_i64..100_000) {
            let (mut bucket, _) = Bucket::full(rate, at(0)).take(rate, rate.burst(), at(0));
            let (mut now, mut sum) = (0, 0.0);
            for _ in 0..500 {
                now += pause;
                let (after, got) = bucket.take(rate, u32::MAX, at(now));
                bucket = after;
                sum += f64::from(got);
            }
            let lost_by_full = f64::from(rate.burst()) <= rate.per_second() * pause as f64 / MICROSECONDS + 1.0;
            let brought = rate.per_second() * now as f64 / MICROSECONDS;
            prop_assert!(lost_by_full || sum > brought - 1.0 - 1e-3, "{} of {}", sum, brought);
        }
    }
}
