//! What the clock on a recipient's wall says: minute by minute, and with nothing of the services' code.

use chrono::{DateTime, DurationRound, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// Minutes of the local day, over midnight when the second is the smaller.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuietHours {
    from: u32,
    to: u32,
}

impl QuietHours {
    /// Those that begin and end at these moments in this zone.
    pub(super) fn between(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Self {
        Self { from: minute_of_day(from, zone), to: minute_of_day(to, zone) }
    }

    /// As a campaign says it.
    pub(super) fn document(self) -> Value {
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        json!({ "from": time(self.from), "to": time(self.to) })
    }

    pub(super) fn is_quiet(self, moment: DateTime<Utc>, zone: Tz) -> bool {
        let minute = minute_of_day(moment, zone);
        match self.from < self.to {
            true => self.from <= minute && minute < self.to,
            false => self.from <= minute || minute < self.to,
        }
    }

    /// The first moment, not before this one, that is not quiet.
    pub(super) fn free_from(self, moment: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        self.first(false, moment, zone)
    }

    /// The first moment, not before this one, that is quiet.
    pub(super) fn quiet_from(self, moment: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        self.first(true, moment, zone)
    }

    fn first(self, quiet: bool, moment: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let mut moment = moment;
        while self.is_quiet(moment, zone) != quiet {
            moment = whole_minute(moment) + MINUTE;
        }
        moment
    }
}

/// The last whole minute.
pub(super) fn whole_minute(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.duration_trunc(MINUTE).unwrap()
}

fn minute_of_day(moment: DateTime<Utc>, zone: Tz) -> u32 {
    let time = moment.with_timezone(&zone).time();
    time.hour() * 60 + time.minute()
}
