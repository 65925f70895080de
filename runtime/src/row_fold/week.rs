use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

/// A Monday, 1970-01-05, milliseconds since 1970 (UTC): weeks are counted from here.
const FIRST_MONDAY_MS: i64 = 345_600_000;

/// First moment of the first week and first moment after the last, both Mondays: 2019-12-30 and
/// 2100-01-04. The CHECK on the DEFAULT range names the same two.
const WEEKS_BEGIN_MS: i64 = 1_577_664_000_000;
const WEEKS_END_MS: i64 = 4_102_704_000_000;

/// One range of a table partitioned by a timed id: the ids minted in a week, Monday to Sunday (UTC). With weeks, ids
/// that somebody mints at any moment since 2020 can make a few hundred ranges, not thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    begins_at: i64,
}

impl Week {
    /// The week in which an id was minted; `None` outside of all weeks, where DEFAULT takes it.
    /// `minted_at` in milliseconds since 1970 (UTC).
    pub fn of(minted_at: i64) -> Option<Self> {
        if !(WEEKS_BEGIN_MS..WEEKS_END_MS).contains(&minted_at) {
            return None;
        }
        Some(Self { begins_at: minted_at - (minted_at - FIRST_MONDAY_MS).rem_euclid(WEEK_MS) })
    }

    /// Name of the range's table, after its Monday: `quiz_responses_20261116`.
    pub fn table(&self, parent: &str) -> String {
        format!("{parent}_{self}")
    }

    /// The least id of the week.
    pub fn from(&self) -> Uuid {
        least_id(self.begins_at)
    }

    /// The least id after the week.
    pub fn to(&self) -> Uuid {
        least_id(self.begins_at + WEEK_MS)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let monday =
            DateTime::<Utc>::from_timestamp_millis(self.begins_at).expect("weeks lie between 2019 and 2100");
        write!(formatter, "{}", monday.format("%Y%m%d"))
    }
}

/// The 48 bits of the millisecond that begin a UUIDv7 (RFC 9562 section 5.7), then zeros.
fn least_id(millis: i64) -> Uuid {
    Uuid::from_u128((millis.cast_unsigned() as u128) << 80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vendzz_schemas::ids::TimedId;

    use super::*;

    #[test]
    fn weeks_begin_on_mondays_and_have_bounds_that_meet() {
        let next_monday_ms = 1_794_787_200_000; // 2026-11-16
        let week = Week::of(next_monday_ms - 1).unwrap();
        assert_eq!(
            week.table("quiz_responses"),
            "quiz_responses_20261109",
            "Sunday's last moment is still that week's"
        );
        assert_eq!(Week::of(next_monday_ms).unwrap().table("quiz_responses"), "quiz_responses_20261116");
        assert_eq!(week.to(), Week::of(next_monday_ms).unwrap().from());
    }

    #[test]
    fn the_outermost_bounds_are_those_of_the_check_on_default() {
        let migration = include_str!("../../../projections/migrations/state_v1/0001_tables.sql");
        let first = Week::of(WEEKS_BEGIN_MS).unwrap();
        let last = Week::of(WEEKS_END_MS - 1).unwrap();
        assert_eq!((first.to_string(), last.to_string()), ("20191230".into(), "20991228".into()));
        assert!(migration.contains(&format!("response_id < '{}'", first.from())));
        assert!(migration.contains(&format!("response_id >= '{}'", last.to())));
        assert_eq!(Week::of(WEEKS_BEGIN_MS - 1), None);
        assert_eq!(Week::of(WEEKS_END_MS), None);
    }

    proptest! {
        #[test]
        fn an_id_lies_within_the_bounds_of_its_week(minted_at in WEEKS_BEGIN_MS..WEEKS_END_MS, random: [u8; 10]) {
            let id = TimedId::mint_at(minted_at.cast_unsigned(), &random);
            let week = Week::of(id.minted_at()).unwrap();
            prop_assert!((week.from()..week.to()).contains(&id.uuid()));
        }
    }
}
