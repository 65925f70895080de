//! Hours, minutes, months and days, all in UTC: only readers know of time zones.

use std::fmt;

use chrono::{DateTime, Datelike};

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// First millisecond of the hour of a moment; milliseconds since 1970 (UTC).
pub fn hour_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(HOUR_MS)
}

/// First millisecond of the minute of a moment; milliseconds since 1970 (UTC).
pub fn minute_of(at_ms: i64) -> i64 {
    at_ms - at_ms.rem_euclid(MINUTE_MS)
}

/// A month in UTC as it stands in the partition key: year * 100 + month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

/// A day in UTC as it stands in the partition key: (year * 100 + month) * 100 + day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Month {
    /// The month of a moment, milliseconds since 1970 (UTC).
    pub fn of(at_ms: i64) -> Self {
        let date = date(at_ms);
        Self(date.year() * 100 + date.month().cast_signed())
    }

    pub fn next(self) -> Self {
        match self.0 % 100 {
            12 => Self(self.0 + 100 - 11),
            _ => Self(self.0 + 1),
        }
    }
}

impl Day {
    /// The day of a moment, milliseconds since 1970 (UTC).
    pub fn of(at_ms: i64) -> Self {
        let date = date(at_ms);
        Self((date.year() * 100 + date.month().cast_signed()) * 100 + date.day().cast_signed())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Moments that chrono cannot name (beyond the year 262,000) fall on 1970: `event_time` lets none
/// through that is not close to the broker's clock.
fn date(at_ms: i64) -> DateTime<chrono::Utc> {
    DateTime::from_timestamp_millis(at_ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days_are_those_of_utc() {
        let last_millisecond_of_2026 = 1_798_761_599_999;
        assert_eq!(Month::of(last_millisecond_of_2026), Month(202_612));
        assert_eq!(Day::of(last_millisecond_of_2026), Day(20_261_231));
        assert_eq!(Month::of(last_millisecond_of_2026 + 1), Month(202_701));
        assert_eq!(Month(202_612).next(), Month(202_701));
        assert_eq!(Month(202_601).next(), Month(202_602));
        assert_eq!(hour_of(last_millisecond_of_2026) % HOUR_MS, 0);
        assert_eq!(minute_of(-1), -MINUTE_MS);
    }
}
