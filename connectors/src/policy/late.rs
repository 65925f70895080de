//! Lateness: more than so long after the due moment, time in quiet hours not counted.

use chrono::{DateTime, TimeDelta, Utc};
use vendzz_schemas::events::CampaignMessage;

use super::quiet_hours::QuietSchedule;

/// The moment from which a message may be late at all: nowhere is it late before. None when the message's
/// numbers lie beyond the calendar.
pub fn late_from(message: &CampaignMessage) -> Option<DateTime<Utc>> {
    let late_from = message.due_at.checked_add(message.max_late_ms.max(0))?;
    DateTime::from_timestamp_millis(late_from)
}

/// When a message is late, in its recipient's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lateness {
    due_at: DateTime<Utc>,
    max_late: TimeDelta,
    quiet: Option<QuietSchedule>,
}

impl Lateness {
    pub fn new(due_at: DateTime<Utc>, max_late: TimeDelta, quiet: Option<QuietSchedule>) -> Self {
        Self { due_at, max_late: max_late.max(TimeDelta::zero()), quiet }
    }

    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        // Without quiet hours it would be later still.
        now - self.due_at > self.max_late && self.last_moment(now) < now
    }

    /// The last moment at which it is not late; `horizon` when that is later still.
    pub fn last_moment(&self, horizon: DateTime<Utc>) -> DateTime<Utc> {
        let Some(quiet) = self.quiet else {
            return self.due_at.checked_add_signed(self.max_late).map_or(horizon, |last| last.min(horizon));
        };
        let (mut moment, mut left) = (self.due_at, self.max_late);
        while moment < horizon {
            let boundary = quiet.next_boundary(moment);
            if boundary <= moment {
                return horizon;
            }
            if !quiet.is_quiet(moment) {
                let span = boundary - moment;
                if span > left {
                    return (moment + left).min(horizon);
                }
                left -= span;
            }
            moment = boundary;
        }
        horizon
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America;
    use vendzz_schemas::events::QuietHours;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn night() -> Option<QuietSchedule> {
        QuietSchedule::new(QuietHours { from_minute: 21 * 60, to_minute: 8 * 60 }, America::Sao_Paulo)
            .unwrap()
    }

    #[test]
    fn without_quiet_hours_it_is_a_subtraction() {
        let lateness = Lateness::new(at("2026-05-05T12:00:00Z"), TimeDelta::hours(6), None);
        assert!(!lateness.is_late(at("2026-05-05T11:00:00Z")));
        assert!(!lateness.is_late(at("2026-05-05T18:00:00Z")));
        assert!(lateness.is_late(at("2026-05-05T18:00:00.001Z")));
    }

    #[test]
    fn the_night_is_not_counted() {
        // Due at 20:00 in São Paulo, six hours: one before the night, five after it.
        let lateness = Lateness::new(at("2026-05-05T23:00:00Z"), TimeDelta::hours(6), night());
        assert!(!lateness.is_late(at("2026-05-06T16:00:00Z")));
        assert!(lateness.is_late(at("2026-05-06T16:00:00.001Z")));
        // Exactly one hour: used up when the night begins, so its last moment is the night's end.
        let lateness = Lateness::new(at("2026-05-05T23:00:00Z"), TimeDelta::hours(1), night());
        assert_eq!(lateness.last_moment(at("2027-01-01T00:00:00Z")), at("2026-05-06T11:00:00Z"));
    }

    #[test]
    fn nothing_is_late_before_late_from_and_far_ends_are_reached_soon() {
        let lateness = Lateness::new(at("1990-01-01T00:00:00Z"), TimeDelta::days(30), night());
        assert!(lateness.is_late(at("2026-05-06T16:00:00Z")));
        let lateness = Lateness::new(DateTime::<Utc>::MIN_UTC, TimeDelta::MAX, None);
        assert!(!lateness.is_late(DateTime::<Utc>::MIN_UTC));
        let negative = Lateness::new(at("2026-05-05T12:00:00Z"), TimeDelta::hours(-6), None);
        assert!(!negative.is_late(at("2026-05-05T12:00:00Z")));
        assert!(negative.is_late(at("2026-05-05T12:00:00.001Z")));
    }
}
