//! Reading the analytics tables: the few sources of a quiz are added up here, by the reader.
//!
//! Which months a quiz has is not looked up: a reader asks for all from [`FIRST_MONTH`], before
//! which nothing was ever counted, to the month of now (an event counts at most five minutes ahead
//! of the log). A month is one partition, and asking for an empty one costs a millisecond.

mod all_rows;
mod funnel;
mod series;
mod summary;

use std::ops::RangeInclusive;

use futures::{TryStreamExt, stream};
use scylla::client::session::Session;
use scylla::deserialize::row::DeserializeRow;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;

use super::cql::{CqlError, connect};
use super::{CqlConfig, DAY_MS, Day, FunnelTotals, HourTotals, MinuteTotals, Month};

pub use all_rows::{AllRows, HourRow, MinuteRow};
pub use funnel::{Funnel, FunnelStep};
pub use series::{Point, Step};
pub use summary::{Count, PropertySummary, QuizSummary, ValueSummary};

/// No quiz was counted before.
pub const FIRST_MONTH: Month = Month(202_601);
/// Its first millisecond since 1970 (UTC): `2026-01-01T00:00:00Z`.
pub const FIRST_MS: i64 = 1_767_225_600_000;

/// Partitions asked for at the same time.
const IN_FLIGHT: usize = 16;

/// Reads what the projector wrote. It makes no tables: without them it says so.
pub struct Reader {
    session: Session,
    keyspace: String,
    month: PreparedStatement,
    day: PreparedStatement,
    funnels: PreparedStatement,
}

impl Reader {
    pub async fn connect(config: &CqlConfig) -> Result<Self, CqlError> {
        let session = connect(config).await?;
        let keyspace = config.keyspace.clone();
        let month =
            format!("SELECT hour, totals FROM {keyspace}.quiz_hour_v1 WHERE quiz_id = ? AND month = ?");
        let day =
            format!("SELECT minute, totals FROM {keyspace}.quiz_minute_v1 WHERE quiz_id = ? AND day = ?");
        let funnels =
            format!("SELECT hour, totals FROM {keyspace}.quiz_funnel_v1 WHERE quiz_id = ? AND month = ?");
        let month = session.prepare(month).await.map_err(|error| CqlError::Prepare(Box::new(error)))?;
        let day = session.prepare(day).await.map_err(|error| CqlError::Prepare(Box::new(error)))?;
        let funnels = session.prepare(funnels).await.map_err(|error| CqlError::Prepare(Box::new(error)))?;
        Ok(Self { session, keyspace, month, day, funnels })
    }

    /// Everything ever counted of a quiz. `now_ms`: milliseconds since 1970 (UTC).
    pub async fn summary(&self, quiz_id: &str, now_ms: i64) -> Result<QuizSummary, CqlError> {
        let rows = self.hours(quiz_id, FIRST_MONTH..=Month::of(now_ms + DAY_MS)).await?;
        Ok(QuizSummary::of(rows.iter().map(|(_, totals)| totals)))
    }

    /// What was counted within `[from_ms, to_ms)`, milliseconds since 1970 (UTC), by minute, hour or
    /// day; steps in which nothing happened are left out. Minutes are there for 30 days.
    pub async fn series(
        &self,
        quiz_id: &str,
        from_ms: i64,
        to_ms: i64,
        step: Step,
    ) -> Result<Vec<Point>, CqlError> {
        if from_ms >= to_ms {
            return Ok(Vec::new());
        }
        let mut points = series::Points::new(from_ms, to_ms, step);
        if step == Step::Minute {
            for (minute, totals) in self.minutes(quiz_id, from_ms, to_ms).await? {
                points.add_minute(minute, &totals);
            }
        } else {
            for (hour, totals) in self.hours(quiz_id, Month::of(from_ms)..=Month::of(to_ms - 1)).await? {
                points.add_hour(hour, &totals);
            }
        }
        Ok(points.finish())
    }

    /// The way through a quiz, as it was told within the hours that begin in `[from_ms, to_ms)`,
    /// milliseconds since 1970 (UTC); everything since [`FIRST_MS`] may be asked for. `order`: the
    /// ids of its elements in their order, where it is known.
    pub async fn funnel(
        &self,
        quiz_id: &str,
        from_ms: i64,
        to_ms: i64,
        order: &[String],
    ) -> Result<Funnel, CqlError> {
        let mut rows: Vec<(i64, FunnelTotals)> = Vec::new();
        if from_ms < to_ms {
            let keys = months(quiz_id, Month::of(from_ms)..=Month::of(to_ms - 1));
            rows = self.partitions(&self.funnels, keys).await?;
        }
        let asked_for = rows.iter().filter(|(hour, _)| (from_ms..to_ms).contains(hour));
        Ok(Funnel::of(asked_for.map(|(_, totals)| totals), order))
    }

    /// The hours of a quiz, in no order, one row for each source.
    async fn hours(
        &self,
        quiz_id: &str,
        months: RangeInclusive<Month>,
    ) -> Result<Vec<(i64, HourTotals)>, CqlError> {
        self.partitions(&self.month, self::months(quiz_id, months)).await
    }

    async fn minutes(
        &self,
        quiz_id: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<(i64, MinuteTotals)>, CqlError> {
        let first_of_day = from_ms - from_ms.rem_euclid(DAY_MS);
        let mut keys = Vec::new();
        let mut moment = first_of_day;
        while moment < to_ms {
            keys.push((quiz_id, Day::of(moment).0));
            moment += DAY_MS;
        }
        self.partitions(&self.day, keys).await
    }

    async fn partitions<T>(
        &self,
        statement: &PreparedStatement,
        keys: Vec<(&str, i32)>,
    ) -> Result<Vec<T>, CqlError>
    where
        T: 'static + for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let reads: Vec<_> = keys.into_iter().map(|key| Ok(self.all_pages(statement, key))).collect();
        let partitions: Vec<Vec<T>> =
            stream::iter(reads).try_buffer_unordered(IN_FLIGHT).try_collect().await?;
        Ok(partitions.into_iter().flatten().collect())
    }

    async fn all_pages<T>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<Vec<T>, CqlError>
    where
        T: 'static + for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let pages = self
            .session
            .execute_iter(statement.clone(), values)
            .await
            .map_err(|error| CqlError::Answer(error.to_string()))?;
        let rows = pages.rows_stream::<T>().map_err(|error| CqlError::Answer(error.to_string()))?;
        rows.try_collect().await.map_err(|error| CqlError::Answer(error.to_string()))
    }
}

/// Partition keys of a quiz's months.
fn months(quiz_id: &str, months: RangeInclusive<Month>) -> Vec<(&str, i32)> {
    let mut keys = Vec::new();
    let mut month = *months.start();
    while month <= *months.end() {
        keys.push((quiz_id, month.0));
        month = month.next();
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_month_begins_with_its_first_millisecond() {
        assert_eq!(Month::of(FIRST_MS), FIRST_MONTH);
        assert_eq!(Month::of(FIRST_MS - 1), Month(202_512));
        let keys = months("quiz", Month(202_611)..=Month(202_701));
        assert_eq!(keys, [("quiz", 202_611), ("quiz", 202_612), ("quiz", 202_701)]);
    }
}
