use std::collections::BTreeMap;
use std::fmt::Debug;

use scylla::deserialize::row::DeserializeRow;

use super::super::cql::{CqlError, ResumeCell};
use super::super::{FunnelTotals, HourTotals, MinuteTotals};
use super::Reader;

/// Key of a row of `quiz_hour_v1` and of `quiz_funnel_v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourRow {
    pub quiz_id: String,
    pub month: i32,
    pub hour: i64,
    pub source: String,
}

/// Key of a row of `quiz_minute_v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MinuteRow {
    pub quiz_id: String,
    pub day: i32,
    pub minute: i64,
    pub source: String,
}

/// Every row of every table, for the comparison of two projections of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllRows {
    pub hours: BTreeMap<HourRow, HourTotals>,
    pub minutes: BTreeMap<MinuteRow, MinuteTotals>,
    pub funnels: BTreeMap<HourRow, FunnelTotals>,
    pub resume_points: BTreeMap<String, ResumeCell>,
}

impl Reader {
    /// Scans all tables. Minutes before `minutes_from_ms` (milliseconds since 1970, UTC) are left
    /// out: compare none older than 29 days before the log's last append time, since they expire.
    pub async fn all_rows(&self, minutes_from_ms: i64) -> Result<AllRows, CqlError> {
        let hours = self.scan::<(String, i32, i64, String, HourTotals)>(
            "quiz_id, month, hour, source, totals",
            "quiz_hour_v1",
        );
        let minutes = self.scan::<(String, i32, i64, String, MinuteTotals)>(
            "quiz_id, day, minute, source, totals",
            "quiz_minute_v1",
        );
        let funnels = self.scan::<(String, i32, i64, String, FunnelTotals)>(
            "quiz_id, month, hour, source, totals",
            "quiz_funnel_v1",
        );
        let resume_points = self.scan::<(String, ResumeCell)>("source, point", "projection_offset_v1");
        Ok(AllRows {
            hours: hours
                .await?
                .into_iter()
                .map(|(quiz_id, month, hour, source, totals)| {
                    (HourRow { quiz_id, month, hour, source }, totals)
                })
                .collect(),
            minutes: minutes
                .await?
                .into_iter()
                .filter(|(_, _, minute, _, _)| *minute >= minutes_from_ms)
                .map(|(quiz_id, day, minute, source, totals)| {
                    (MinuteRow { quiz_id, day, minute, source }, totals)
                })
                .collect(),
            funnels: funnels
                .await?
                .into_iter()
                .map(|(quiz_id, month, hour, source, totals)| {
                    (HourRow { quiz_id, month, hour, source }, totals)
                })
                .collect(),
            resume_points: resume_points.await?.into_iter().collect(),
        })
    }

    async fn scan<T>(&self, columns: &str, table: &str) -> Result<Vec<T>, CqlError>
    where
        T: 'static + for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
    {
        let text = format!("SELECT {columns} FROM {}.{table}", self.keyspace);
        let statement =
            self.session.prepare(text).await.map_err(|error| CqlError::Prepare(Box::new(error)))?;
        self.all_pages(&statement, ()).await
    }
}

impl AllRows {
    /// Rows that differ from those of `other`, each in a line; at most `most` of each table.
    pub fn differences(&self, other: &Self, most: usize) -> Vec<String> {
        let mut lines = differences(&self.hours, &other.hours, most);
        lines.extend(differences(&self.minutes, &other.minutes, most));
        lines.extend(differences(&self.funnels, &other.funnels, most));
        lines.extend(differences(&self.resume_points, &other.resume_points, most));
        lines
    }
}

fn differences<K: Debug + Ord, V: Debug + PartialEq>(
    ours: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
    most: usize,
) -> Vec<String> {
    let mut keys: Vec<&K> = ours.keys().chain(theirs.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .filter(|key| ours.get(key) != theirs.get(key))
        .take(most)
        .map(|key| format!("{key:?}: {:?} here, {:?} there", ours.get(key), theirs.get(key)))
        .collect()
}
