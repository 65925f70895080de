//! Quiet hours in a time zone, exact over changes of its offset.

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use vendzz_schemas::events::QuietHours;

const MINUTES_OF_A_DAY: i32 = 24 * 60;
const DAY: TimeDelta = TimeDelta::days(1);

/// Hours of a message that no campaign can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours begin and end within 0 to 1439 minutes of the day")]
pub struct QuietHoursError;

/// From the first minute on, up to the minute after the last, of each local day; over midnight when the second
/// is smaller. Local time is what the clock on the wall says: an hour that daylight saving skips is not there,
/// one that it repeats counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietSchedule {
    /// Since local midnight.
    from: TimeDelta,
    to: TimeDelta,
    time_zone: Tz,
}

impl QuietSchedule {
    /// None when from and to are the same: no minute lies between them.
    pub fn new(hours: QuietHours, time_zone: Tz) -> Result<Option<Self>, QuietHoursError> {
        let is_minute = |minute: i32| (0..MINUTES_OF_A_DAY).contains(&minute);
        if !is_minute(hours.from_minute) || !is_minute(hours.to_minute) {
            return Err(QuietHoursError);
        }
        if hours.from_minute == hours.to_minute {
            return Ok(None);
        }
        let minutes = |minute: i32| TimeDelta::minutes(i64::from(minute));
        Ok(Some(Self { from: minutes(hours.from_minute), to: minutes(hours.to_minute), time_zone }))
    }

    pub fn is_quiet(&self, moment: DateTime<Utc>) -> bool {
        let time = self.local_time(moment);
        match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        }
    }

    /// The earliest moment, not before this one, that lies outside of the quiet hours.
    pub fn next_allowed(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let mut moment = moment;
        while self.is_quiet(moment) {
            let next = self.next_boundary(moment);
            // Only at the end of time.
            if next <= moment {
                return moment;
            }
            moment = next;
        }
        moment
    }

    /// A later moment, at most a day later, up to which it is as quiet as it is now. What comes then may be the
    /// same again.
    pub(super) fn next_boundary(&self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let time = self.local_time(moment);
        let until =
            |boundary: TimeDelta| if boundary > time { boundary - time } else { boundary - time + DAY };
        let Some(boundary) = moment.checked_add_signed(until(self.from).min(until(self.to))) else {
            return DateTime::<Utc>::MAX_UTC;
        };
        self.offset_change_within(moment, boundary).unwrap_or(boundary)
    }

    /// Time since local midnight.
    fn local_time(&self, moment: DateTime<Utc>) -> TimeDelta {
        let local_seconds = moment.timestamp() + self.offset(moment).num_seconds();
        TimeDelta::seconds(local_seconds.rem_euclid(DAY.num_seconds()))
            + TimeDelta::nanoseconds(i64::from(moment.timestamp_subsec_nanos()))
    }

    /// How far local time is ahead of UTC.
    fn offset(&self, moment: DateTime<Utc>) -> TimeDelta {
        let offset = self.time_zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
        TimeDelta::seconds(i64::from(offset.local_minus_utc()))
    }

    /// The first moment after `from`, up to `to`, at which the offset is another one. At most a day lies between
    /// the two, and no time zone changes its offset and changes it back in a day.
    fn offset_change_within(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = self.offset(from);
        if self.offset(to) == before {
            return None;
        }
        let (mut same, mut changed) = (from.timestamp(), to.timestamp());
        // Time zones change at whole seconds.
        while changed - same > 1 {
            let middle = same + (changed - same) / 2;
            let at_middle = DateTime::from_timestamp(middle, 0)?;
            match self.offset(at_middle) == before {
                true => same = middle,
                false => changed = middle,
            }
        }
        DateTime::from_timestamp(changed, 0)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America, Europe};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedule(from: i32, to: i32, zone: Tz) -> QuietSchedule {
        let hours = QuietHours { from_minute: from * 60, to_minute: to * 60 };
        QuietSchedule::new(hours, zone).unwrap().unwrap()
    }

    #[test]
    fn over_midnight_and_within_a_day() {
        let night = schedule(21, 8, America::Sao_Paulo);
        assert_eq!(night.next_allowed(at("2026-05-04T23:59:59.999Z")), at("2026-05-04T23:59:59.999Z"));
        assert_eq!(night.next_allowed(at("2026-05-05T00:00:00Z")), at("2026-05-05T11:00:00Z"));
        assert_eq!(night.next_allowed(at("2026-05-05T10:59:59.999Z")), at("2026-05-05T11:00:00Z"));
        assert!(!night.is_quiet(at("2026-05-05T11:00:00Z")));
        let noon = schedule(12, 14, America::Sao_Paulo);
        assert_eq!(noon.next_allowed(at("2026-05-05T15:30:00Z")), at("2026-05-05T17:00:00Z"));
    }

    #[test]
    fn hours_that_no_day_has_are_refused_and_an_empty_range_is_none() {
        for (from_minute, to_minute) in [(-1, 60), (60, 1_440), (1_440, 60), (i32::MIN, i32::MAX)] {
            let hours = QuietHours { from_minute, to_minute };
            assert_eq!(QuietSchedule::new(hours, Tz::UTC), Err(QuietHoursError), "{hours:?}");
        }
        assert_eq!(QuietSchedule::new(QuietHours { from_minute: 60, to_minute: 60 }, Tz::UTC), Ok(None));
    }

    #[test]
    fn the_gap_of_daylight_saving_has_no_minutes() {
        // New York, 8 March 2026: after 01:59:59 EST (UTC-5) comes 03:00:00 EDT.
        let to_the_gap = schedule(0, 2, America::New_York);
        assert_eq!(to_the_gap.next_allowed(at("2026-03-08T06:30:00Z")), at("2026-03-08T07:00:00Z"));
        // Quiet hours within the gap are not there on that day.
        let in_the_gap = QuietHours { from_minute: 125, to_minute: 175 };
        let in_the_gap = QuietSchedule::new(in_the_gap, America::New_York).unwrap().unwrap();
        assert_eq!(in_the_gap.next_allowed(at("2026-03-08T07:00:00Z")), at("2026-03-08T07:00:00Z"));
        // They end within it: at its end.
        let into_the_gap = schedule(22, 2, America::New_York);
        assert_eq!(into_the_gap.next_allowed(at("2026-03-08T05:00:00Z")), at("2026-03-08T07:00:00Z"));
    }

    #[test]
    fn a_repeated_hour_is_quiet_twice() {
        // Lisbon, 25 October 2026: after 01:59:59 WEST (UTC+1) comes 01:00:00 WET again.
        let early = schedule(1, 2, Europe::Lisbon);
        assert_eq!(early.next_allowed(at("2026-10-25T00:10:00Z")), at("2026-10-25T02:00:00Z"));
        // They end at half past one: then it is one again, half an hour later, and quiet once more.
        let half = QuietHours { from_minute: 60, to_minute: 90 };
        let half = QuietSchedule::new(half, Europe::Lisbon).unwrap().unwrap();
        assert_eq!(half.next_allowed(at("2026-10-25T00:10:00Z")), at("2026-10-25T00:30:00Z"));
        assert_eq!(half.next_allowed(at("2026-10-25T01:10:00Z")), at("2026-10-25T01:30:00Z"));
    }

    #[test]
    fn midnight_that_does_not_exist() {
        // São Paulo, 4 November 2018: after 23:59:59 of the 3rd (UTC-3) comes 01:00 of the 4th.
        let night = schedule(22, 0, America::Sao_Paulo);
        assert_eq!(night.next_allowed(at("2018-11-04T02:00:00Z")), at("2018-11-04T03:00:00Z"));
    }

    #[test]
    fn the_end_of_time_ends() {
        let night = schedule(21, 8, America::Sao_Paulo);
        let _ = night.next_allowed(DateTime::<Utc>::MAX_UTC - TimeDelta::hours(3));
    }
}
