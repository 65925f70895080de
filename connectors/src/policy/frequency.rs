//! How often a recipient is written to.

use chrono::{DateTime, TimeDelta, Utc};
use vendzz_schemas::events::FrequencyCap;

/// Meta, Cloud API, "pair rate limit": one message in six seconds to the same user.
pub const PAIR_INTERVAL: TimeDelta = TimeDelta::seconds(6);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapVerdict {
    Within,
    /// The earliest moment at which one more is within the cap, when nothing else is sent.
    From(DateTime<Utc>),
    /// The cap allows none, ever.
    Never,
}

/// Whether one more message is within the cap. A message sent at s counts up to, and without, s + period.
/// `recent`: when the recipient was written to, in any order; as many of the newest as the cap allows are
/// enough. Moments that lie ahead (another machine's clock) count.
pub fn within_cap(cap: FrequencyCap, recent: &[DateTime<Utc>], now: DateTime<Utc>) -> CapVerdict {
    let Ok(allowed @ 1..) = usize::try_from(cap.messages) else {
        return CapVerdict::Never;
    };
    if cap.period_ms <= 0 {
        return CapVerdict::Within;
    }
    let mut newest_first = recent.to_vec();
    newest_first.sort_unstable_by(|one, other| other.cmp(one));
    // When this one has left, fewer than are allowed remain.
    let Some(last_to_leave) = newest_first.get(allowed - 1) else {
        return CapVerdict::Within;
    };
    let period = TimeDelta::milliseconds(cap.period_ms);
    match last_to_leave.checked_add_signed(period) {
        Some(leaves) if leaves <= now => CapVerdict::Within,
        Some(leaves) => CapVerdict::From(leaves),
        None => CapVerdict::Never,
    }
}

/// The earliest moment for one more to the same WhatsApp user; none when it is now.
pub fn after_pair_interval(recent: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let free_from = recent.iter().max()?.checked_add_signed(PAIR_INTERVAL)?;
    (free_from > now).then_some(free_from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(ms).unwrap()
    }

    /// How many count at this moment.
    fn counted(recent: &[i64], period: i64, now: i64) -> usize {
        recent.iter().filter(|sent| **sent + period > now).count()
    }

    #[test]
    fn a_cap_that_was_lowered_waits_for_more_than_the_oldest() {
        let recent = [at(10), at(20), at(30)];
        let cap = |messages| FrequencyCap { messages, period_ms: 100 };
        assert_eq!(within_cap(cap(4), &recent, at(50)), CapVerdict::Within);
        assert_eq!(within_cap(cap(3), &recent, at(50)), CapVerdict::From(at(110)));
        assert_eq!(within_cap(cap(1), &recent, at(50)), CapVerdict::From(at(130)));
        assert_eq!(within_cap(cap(1), &recent, at(130)), CapVerdict::Within);
        assert_eq!(within_cap(cap(0), &[], at(50)), CapVerdict::Never);
        assert_eq!(within_cap(FrequencyCap { messages: -1, period_ms: 1 }, &[], at(0)), CapVerdict::Never);
        assert_eq!(
            within_cap(FrequencyCap { messages: 1, period_ms: i64::MAX }, &recent, at(50)),
            CapVerdict::Never
        );
    }

    #[test]
    fn a_pair_rests_for_six_seconds() {
        assert_eq!(after_pair_interval(&[], at(0)), None);
        let recent = [at(9_000), at(4_000)];
        assert_eq!(after_pair_interval(&recent, at(10_000)), Some(at(15_000)));
        assert_eq!(after_pair_interval(&recent, at(15_000)), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_counting_moment_by_moment(
            recent in prop::collection::vec(0_i64..200, 0..12),
            messages in 1_i32..6,
            period_ms in 1_i64..100,
            now in 0_i64..250,
        ) {
            let moments: Vec<_> = recent.iter().map(|ms| at(*ms)).collect();
            let allowed = usize::try_from(messages).unwrap();
            let first = (now..).find(|moment| counted(&recent, period_ms, *moment) < allowed).unwrap();
            let expected = if first == now { CapVerdict::Within } else { CapVerdict::From(at(first)) };
            prop_assert_eq!(within_cap(FrequencyCap { messages, period_ms }, &moments, at(now)), expected);
        }

        /// Whoever sends only when it is within the cap never sends more than the cap in any window.
        #[test]
        fn who_obeys_never_exceeds_it(messages in 1_i32..5, period_ms in 1_i64..60, pauses in prop::collection::vec(0_i64..20, 1..60)) {
            let cap = FrequencyCap { messages, period_ms };
            let (mut now, mut sent) = (0_i64, Vec::new());
            for pause in pauses {
                now += pause;
                let moments: Vec<_> = sent.iter().map(|ms| at(*ms)).collect();
                if within_cap(cap, &moments, at(now)) == CapVerdict::Within {
                    sent.push(now);
                }
            }
            for start in &sent {
                let in_window = sent.iter().filter(|ms| (*start..*start + period_ms).contains(*ms)).count();
                prop_assert!(in_window <= usize::try_from(messages).unwrap());
            }
        }
    }
}
