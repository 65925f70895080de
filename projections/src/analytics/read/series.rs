use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use serde::Serialize;

use super::super::{HourTotals, MinuteTotals};

/// How long a step of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Minute,
    Hour,
    /// A day in a time zone: the sum of the hours that begin in it. (Where clocks differ from UTC by
    /// half an hour, the hour around midnight belongs to the day in which it begins.)
    Day(Tz),
}

/// One step of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Point {
    /// First moment of the step; milliseconds since 1970 (UTC).
    pub start_ms: i64,
    pub views: i64,
    pub bot_views: i64,
    pub submissions: i64,
    pub bots: i64,
}

pub(super) struct Points {
    from_ms: i64,
    to_ms: i64,
    step: Step,
    by_start: BTreeMap<i64, Point>,
}

impl Points {
    pub(super) fn new(from_ms: i64, to_ms: i64, step: Step) -> Self {
        Self { from_ms, to_ms, step, by_start: BTreeMap::new() }
    }

    pub(super) fn add_hour(&mut self, hour: i64, totals: &HourTotals) {
        let HourTotals { views, bot_views, submissions, bots, .. } = *totals;
        self.add(Point { start_ms: hour, views, bot_views, submissions, bots });
    }

    pub(super) fn add_minute(&mut self, minute: i64, totals: &MinuteTotals) {
        let MinuteTotals { views, bot_views, submissions, bots, .. } = *totals;
        self.add(Point { start_ms: minute, views, bot_views, submissions, bots });
    }

    fn add(&mut self, row: Point) {
        if row.start_ms < self.from_ms || row.start_ms >= self.to_ms {
            return;
        }
        let start_ms = match self.step {
            Step::Minute | Step::Hour => row.start_ms,
            Step::Day(zone) => start_of_day(row.start_ms, zone),
        };
        let point = self.by_start.entry(start_ms).or_insert(Point { start_ms, ..Point::default() });
        point.views += row.views;
        point.bot_views += row.bot_views;
        point.submissions += row.submissions;
        point.bots += row.bots;
    }

    pub(super) fn finish(self) -> Vec<Point> {
        self.by_start.into_values().collect()
    }
}

/// First moment of the local day of a moment. A day may begin after midnight, where clocks are put
/// forward then (as Brazil's were until 2019).
fn start_of_day(at_ms: i64, zone: Tz) -> i64 {
    let local = DateTime::from_timestamp_millis(at_ms).unwrap_or_default().with_timezone(&zone);
    let midnight = local.date_naive().and_time(chrono::NaiveTime::MIN);
    let quarter_hours = (0..=8).map(|quarters| midnight + chrono::TimeDelta::minutes(15 * quarters));
    let first = quarter_hours.filter_map(|moment| zone.from_local_datetime(&moment).earliest()).next();
    first.map_or(at_ms, |moment| moment.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::super::super::{HOUR_MS, Totals};
    use super::*;

    fn utc(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn a_day_is_the_sum_of_its_hours_in_the_time_zone() {
        let from = utc("2026-03-01T00:00:00Z");
        let mut points = Points::new(from, from + 48 * HOUR_MS, Step::Day(chrono_tz::America::Sao_Paulo));
        for hour in 0..50 {
            points.add_hour(from + hour * HOUR_MS, &HourTotals { views: 1, ..HourTotals::empty() });
        }
        let points = points.finish();
        let views: Vec<i64> = points.iter().map(|point| point.views).collect();
        assert_eq!(views, [3, 24, 21], "three hours of February, UTC-3");
        assert_eq!(points[1].start_ms, utc("2026-03-01T03:00:00Z"));
    }

    #[test]
    fn a_day_without_a_midnight_begins_when_the_clocks_went_forward() {
        let zone = chrono_tz::America::Sao_Paulo;
        let noon = utc("2018-11-04T15:00:00Z");
        assert_eq!(
            start_of_day(noon, zone),
            utc("2018-11-04T03:00:00Z"),
            "00:00 did not exist, 01:00 is UTC-2"
        );
        let winter = utc("2018-02-18T12:00:00Z");
        assert_eq!(start_of_day(winter, zone), utc("2018-02-18T03:00:00Z"));
    }
}
