//! The analytics projection, read with statements of our own.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{DateTime, Datelike, Utc};
use futures::TryStreamExt;
use scylla::DeserializeValue;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::prepared::PreparedStatement;
use serde::{Deserialize, Serialize};
use vendzz_schemas::topics::Namespace;

use super::behind::ResumePoints;

const DAY_MS: i64 = 86_400_000;
/// An event may count under a time of so much before its append.
const OLDEST_EVENT_MS: i64 = 3 * DAY_MS;

/// What is counted of one quiz in one partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsValue {
    pub views: i64,
    pub submissions: i64,
    pub bots: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalsKey {
    pub quiz: String,
    /// Real name.
    pub topic: String,
    pub partition: i32,
}

/// Totals by quiz and partition, added up over hours and incarnations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalyticsTotals(pub BTreeMap<TotalsKey, TotalsValue>);

impl AnalyticsTotals {
    pub fn get(&self, quiz: &str, topic: &str, partition: i32) -> TotalsValue {
        let key = TotalsKey { quiz: quiz.to_owned(), topic: topic.to_owned(), partition };
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// What was counted after `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let keys: BTreeSet<&TotalsKey> = self.0.keys().chain(earlier.0.keys()).collect();
        let of = |totals: &Self, key: &TotalsKey| totals.0.get(key).copied().unwrap_or_default();
        let grown = keys.into_iter().map(|key| (key.clone(), of(self, key).minus(of(earlier, key))));
        Self(grown.collect())
    }

    /// For a journal, which outlives the prefix.
    pub(super) fn to_list(&self, names: &Namespace) -> Vec<(String, String, i32, TotalsValue)> {
        let base = |topic: &str| names.base(topic).unwrap_or(topic).to_owned();
        let entries = self.0.iter();
        entries.map(|(key, value)| (key.quiz.clone(), base(&key.topic), key.partition, *value)).collect()
    }

    pub(super) fn from_list(list: &[(String, String, i32, TotalsValue)], names: &Namespace) -> Self {
        let entries = list.iter().map(|(quiz, topic, partition, value)| {
            (TotalsKey { quiz: quiz.clone(), topic: names.name(topic), partition: *partition }, *value)
        });
        Self(entries.collect())
    }
}

impl TotalsValue {
    fn minus(self, other: Self) -> Self {
        Self {
            views: self.views - other.views,
            submissions: self.submissions - other.submissions,
            bots: self.bots - other.bots,
        }
    }

    fn add(&mut self, other: &HourCell) {
        self.views += other.views;
        self.submissions += other.submissions;
        self.bots += other.bots;
    }
}

/// The fields of a row's cell that are added up; it has more.
#[derive(Debug, DeserializeValue)]
struct HourCell {
    views: i64,
    submissions: i64,
    bots: i64,
}

#[derive(Debug, DeserializeValue)]
struct PointCell {
    last_offset: i64,
}

pub struct TotalsReader {
    session: Session,
    hours: PreparedStatement,
    points: PreparedStatement,
}

impl TotalsReader {
    pub async fn connect(nodes: &[String], keyspace: &str) -> anyhow::Result<Self> {
        let session = SessionBuilder::new()
            .known_nodes(nodes)
            .build()
            .await
            .with_context(|| format!("the CQL server at {} does not answer", nodes.join(", ")))?;
        let missing =
            || format!("keyspace {keyspace} lacks the projection's tables: did the projector start?");
        let hours =
            format!("SELECT source, totals FROM {keyspace}.quiz_hour_v1 WHERE quiz_id = ? AND month = ?");
        let hours = session.prepare(hours).await.with_context(missing)?;
        let points = format!("SELECT source, point FROM {keyspace}.projection_offset_v1");
        let points = session.prepare(points).await.with_context(missing)?;
        Ok(Self { session, hours, points })
    }

    /// The totals of these quizzes in every month that events appended between two moments
    /// (milliseconds since 1970, UTC) may count under.
    pub async fn read(
        &self,
        quizzes: &[String],
        from_ms: i64,
        to_ms: i64,
    ) -> anyhow::Result<AnalyticsTotals> {
        let mut totals = AnalyticsTotals::default();
        for quiz in quizzes {
            for month in months_of(from_ms, to_ms) {
                let pager = self.session.execute_iter(self.hours.clone(), (quiz.as_str(), month)).await?;
                let mut rows = pager.rows_stream::<(String, HourCell)>()?;
                while let Some((source, cell)) = rows.try_next().await? {
                    let (topic, _, partition) = read_source(&source)?;
                    let key = TotalsKey { quiz: quiz.clone(), topic, partition };
                    totals.0.entry(key).or_default().add(&cell);
                }
            }
        }
        Ok(totals)
    }

    pub(super) async fn resume_points(&self) -> anyhow::Result<ResumePoints> {
        let pager = self.session.execute_iter(self.points.clone(), ()).await?;
        let mut rows = pager.rows_stream::<(String, PointCell)>()?;
        let mut points = ResumePoints::new();
        while let Some((source, point)) = rows.try_next().await? {
            points.insert(read_source(&source)?, point.last_offset);
        }
        Ok(points)
    }
}

/// `topic/incarnation/partition`.
fn read_source(source: &str) -> anyhow::Result<(String, String, i32)> {
    let mut parts = source.rsplitn(3, '/');
    let mut next = || parts.next().with_context(|| format!("{source:?} is not topic/incarnation/partition"));
    let (partition, incarnation, topic) = (next()?, next()?, next()?);
    Ok((topic.to_owned(), incarnation.to_owned(), partition.parse()?))
}

/// The months that events appended between two moments may count under.
pub(crate) fn months_of(from_ms: i64, to_ms: i64) -> BTreeSet<i32> {
    months_between(from_ms - OLDEST_EVENT_MS, to_ms + DAY_MS)
}

/// year * 100 + month of every month touched, in UTC.
fn months_between(from_ms: i64, to_ms: i64) -> BTreeSet<i32> {
    let mut months = BTreeSet::new();
    let mut day = from_ms;
    loop {
        let date = DateTime::<Utc>::from_timestamp_millis(day.min(to_ms)).unwrap_or_default();
        months.insert(date.year() * 100 + i32::try_from(date.month()).expect("1 to 12"));
        if day >= to_ms {
            return months;
        }
        day += DAY_MS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_between_two_moments_is_read() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
        let months = |from: &str, to: &str| months_between(at(from), at(to)).into_iter().collect::<Vec<_>>();
        assert_eq!(months("2025-12-30T12:00:00Z", "2026-01-01T00:00:00Z"), [202_512, 202_601]);
        assert_eq!(months("2026-01-30T23:00:00Z", "2026-03-01T00:00:00Z"), [202_601, 202_602, 202_603]);
        assert_eq!(months("2026-05-05T00:00:00Z", "2026-05-05T00:00:00Z"), [202_605]);
    }

    #[test]
    fn totals_grow_by_partition_and_a_source_is_read_from_its_right() {
        let source = read_source("a/b.quiz.view.v1/0a-f/12").unwrap();
        assert_eq!(source, ("a/b.quiz.view.v1".to_owned(), "0a-f".to_owned(), 12));
        assert!(read_source("quiz.view.v1/3").is_err());

        let names = Namespace::new("t-");
        let value = |views| TotalsValue { views, ..TotalsValue::default() };
        let list = |views| vec![("q".to_owned(), "quiz.view.v1".to_owned(), 0, value(views))];
        let (before, after) =
            (AnalyticsTotals::from_list(&list(3), &names), AnalyticsTotals::from_list(&list(10), &names));
        assert_eq!(after.since(&before).get("q", "t-quiz.view.v1", 0), value(7));
        assert_eq!(before.to_list(&names), list(3));
    }
}
