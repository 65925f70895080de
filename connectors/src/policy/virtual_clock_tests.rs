//! Quiet hours and lateness against slow, obvious ways to say the same, in zones with daylight saving.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use vendzz_schemas::events::QuietHours;

use super::late::Lateness;
use super::quiet_hours::QuietSchedule;

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Zones, and years in which each of them changed its clocks: by an hour, by half an hour, at midnight.
const ZONES: [(Tz, i32); 9] = [
    (Tz::America__New_York, 2026),
    (Tz::Europe__Lisbon, 2026),
    (Tz::America__Santiago, 2025),
    (Tz::America__Sao_Paulo, 2018),
    (Tz::America__Sao_Paulo, 2026),
    (Tz::Australia__Lord_Howe, 2026),
    (Tz::Africa__Casablanca, 2026),
    (Tz::Asia__Kathmandu, 2026),
    // The 30th of December was skipped.
    (Tz::Pacific__Apia, 2011),
];

/// What the clock on the wall says.
fn is_quiet(moment: DateTime<Utc>, hours: QuietHours, zone: Tz) -> bool {
    let time = moment.with_timezone(&zone).time();
    let minute = i32::try_from(time.num_seconds_from_midnight() / 60).unwrap();
    match hours.from_minute < hours.to_minute {
        true => (hours.from_minute..hours.to_minute).contains(&minute),
        false => minute >= hours.from_minute || minute < hours.to_minute,
    }
}

fn year_begins(year: i32) -> DateTime<Utc> {
    Utc.from_utc_datetime(&NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap())
}

fn zone() -> impl Strategy<Value = (Tz, i32)> {
    prop::sample::select(ZONES.to_vec())
}

/// Any, and often those around the hours in which clocks are changed.
fn hours() -> impl Strategy<Value = QuietHours> {
    let minute = prop_oneof![0..1_440, 0..240, 1_320..1_440];
    (minute.clone(), minute)
        .prop_filter("an empty range", |(from, to)| from != to)
        .prop_map(|(from_minute, to_minute)| QuietHours { from_minute, to_minute })
}

/// Changes of a zone's clocks in a year, to the minute.
fn changes(zone: Tz, year: i32) -> Vec<DateTime<Utc>> {
    let wall = |moment: DateTime<Utc>| moment.with_timezone(&zone).naive_local() - moment.naive_utc();
    let mut changes = Vec::new();
    let mut moment = year_begins(year);
    while moment < year_begins(year + 1) {
        if wall(moment) != wall(moment + MINUTE) {
            changes.push(moment + MINUTE);
        }
        moment += MINUTE;
    }
    changes
}

type ByPlace<T> = HashMap<(Tz, i32), T>;

static CHANGES: LazyLock<ByPlace<Vec<DateTime<Utc>>>> =
    LazyLock::new(|| ZONES.iter().map(|(zone, year)| ((*zone, *year), changes(*zone, *year))).collect());

/// Somewhere in the year: half of the time within two days before a change of clocks, if there is one.
fn moment(zone: Tz, year: i32, minute: i64, near: bool) -> DateTime<Utc> {
    let changes = &CHANGES[&(zone, year)];
    if near && !changes.is_empty() {
        let which = usize::try_from(minute).unwrap() % changes.len();
        return changes[which] - MINUTE * i32::try_from(minute % 2_880).unwrap();
    }
    year_begins(year) + TimeDelta::minutes(minute)
}

#[test]
fn the_years_have_the_changes_that_they_are_chosen_for() {
    let counts: Vec<_> = ZONES.iter().map(|place| CHANGES[place].len()).collect();
    assert_eq!(counts, [2, 2, 2, 2, 0, 2, 2, 0, 3]);
}

#[test]
fn every_minute_of_a_year_is_as_quiet_as_the_wall_says() {
    for (zone, year) in ZONES {
        for (from_minute, to_minute) in [(1_260, 480), (90, 150)] {
            let hours = QuietHours { from_minute, to_minute };
            let schedule = QuietSchedule::new(hours, zone).unwrap().unwrap();
            let first = year_begins(year);
            // From the end back: the next minute outside is known by then.
            let mut next_allowed = None;
            let mut moment = year_begins(year + 1);
            while moment >= first {
                let quiet = is_quiet(moment, hours, zone);
                assert_eq!(schedule.is_quiet(moment), quiet, "{zone} {hours:?} {moment}");
                if !quiet {
                    next_allowed = Some(moment);
                }
                if let Some(expected) = next_allowed {
                    assert_eq!(schedule.next_allowed(moment), expected, "{zone} {hours:?} {moment}");
                }
                moment -= MINUTE;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_next_allowed_moment_is_the_earliest(
        (zone, year) in zone(),
        hours in hours(),
        minute in 0_i64..525_600,
        near in any::<bool>(),
        within_minute in 0_i64..60_000_000,
    ) {
        let schedule = QuietSchedule::new(hours, zone).unwrap().unwrap();
        let start = moment(zone, year, minute, near);
        let now = start + TimeDelta::microseconds(within_minute);
        let mut expected = now;
        if is_quiet(now, hours, zone) {
            expected = start + MINUTE;
            while is_quiet(expected, hours, zone) {
                expected += MINUTE;
            }
        }
        prop_assert_eq!(schedule.next_allowed(now), expected);
    }

    #[test]
    fn lateness_is_what_a_count_of_minutes_says(
        (zone, year) in zone(),
        hours in prop::option::weighted(0.9, hours()),
        minute in 0_i64..525_600,
        near in any::<bool>(),
        due_within in 0_i64..60_000,
        max_late_minutes in prop_oneof![0_i64..400, 0_i64..10_080],
        max_late_rest in prop_oneof![Just(0_i64), 0_i64..60_000],
        waited_minutes in 0_i64..20_000,
    ) {
        let schedule = hours.and_then(|hours| QuietSchedule::new(hours, zone).unwrap());
        let first_minute = moment(zone, year, minute, near);
        let due_at = first_minute + TimeDelta::milliseconds(due_within);
        let max_late = TimeDelta::minutes(max_late_minutes) + TimeDelta::milliseconds(max_late_rest);
        let lateness = Lateness::new(due_at, max_late, schedule);

        // Minute by minute of the clock, the first of them from the due moment on.
        let (mut at, mut counted, mut last) = (due_at, TimeDelta::zero(), None);
        let horizon = first_minute + TimeDelta::minutes(waited_minutes);
        while at < horizon {
            let minute_ends = first_minute + MINUTE * i32::try_from((at - first_minute).num_minutes() + 1).unwrap();
            let counts = hours.is_none_or(|hours| !is_quiet(at, hours, zone));
            if counts && counted + (minute_ends - at) > max_late {
                last = Some(at + (max_late - counted));
                break;
            }
            if counts {
                counted += minute_ends - at;
            }
            at = minute_ends;
        }
        let millisecond = TimeDelta::milliseconds(1);
        match last {
            None => prop_assert!(!lateness.is_late(horizon)),
            Some(last) => {
                prop_assert_eq!(lateness.last_moment(last + TimeDelta::days(400)), last);
                prop_assert!(!lateness.is_late(last) && lateness.is_late(last + millisecond));
                prop_assert!(last - due_at >= max_late, "nothing is late before late_from");
            }
        }
    }
}
