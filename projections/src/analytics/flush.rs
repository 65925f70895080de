use std::time::Instant;

use futures::{StreamExt, stream};
use metrics::{Counter, Histogram};
use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::kernel::{FoldError, ResumePoint};
use vendzz_runtime::telemetry::MetricName;

use super::cql::{CqlError, Store};
use super::planted::Fault;
use super::projection::IN_FLIGHT;
use super::{AnalyticsFold, FunnelTotals, GROUP, HourTotals, MinuteTotals, RowKey, SourceFold};

/// Where the fault suite may end the process.
pub const CRASH_POINTS: [&str; 4] = [BEFORE_ROWS, MID_ROWS, AFTER_ROWS, AFTER_RESUME_POINT];
const BEFORE_ROWS: &str = "analytics.before_rows";
const MID_ROWS: &str = "analytics.mid_rows";
const AFTER_ROWS: &str = "analytics.after_rows";
const AFTER_RESUME_POINT: &str = "analytics.after_resume_point";

pub(super) struct FlushMetrics {
    rows: Counter,
    seconds: Histogram,
}

impl FlushMetrics {
    pub(super) fn new() -> Self {
        Self {
            rows: MetricName::RowsFlushed.counter_of(&[("group", GROUP)]),
            seconds: MetricName::FlushTime.histogram_of(&[("group", GROUP)]),
        }
    }
}

impl AnalyticsFold {
    /// Writes every dirty row, and once all are acknowledged the resume point. After a failure the
    /// rows that are still dirty are written again as they are, under the same timestamps.
    pub(super) async fn write_out(&mut self) -> Result<(), FoldError> {
        let Some(through) = self.fold.through() else { return Ok(()) };
        if self.fold.dirty_count() == 0 && self.acknowledged == Some(through) {
            return Ok(());
        }
        let began = Instant::now();
        if Fault::ResumePointBeforeRows.is_planted() {
            self.write_resume_point(through).await?;
        }
        crash_point(BEFORE_ROWS);
        self.write_rows().await?;
        crash_point(AFTER_ROWS);
        self.write_resume_point(through).await?;
        crash_point(AFTER_RESUME_POINT);
        self.fold.evict(self.held_rows);
        self.flush_metrics.seconds.record(began.elapsed());
        Ok(())
    }

    /// The resume point is read beside the writes: a store that lost what it had acknowledged shows
    /// it there.
    async fn write_rows(&mut self) -> Result<(), FoldError> {
        let (written, stored) = tokio::join!(
            write_dirty(&self.fold, &self.store, &self.source),
            self.store.resume_point(&self.source)
        );
        self.fold.written(&written.hours, &written.minutes, &written.funnels);
        let rows = written.hours.len() + written.minutes.len() + written.funnels.len();
        self.flush_metrics.rows.increment(rows as u64);
        let stored = stored.map_err(|error| retry("cql_read", error))?.map(|cell| cell.point());
        if offset_of(stored) < offset_of(self.acknowledged) {
            return Err(FoldError::Reopen(format!(
                "the store acknowledged the resume point {} of {} and has {} now: it lost writes",
                offset_of(self.acknowledged),
                self.source,
                offset_of(stored)
            )));
        }
        match written.failure {
            Some(error) => Err(retry("cql_write", error)),
            None => Ok(()),
        }
    }

    async fn write_resume_point(&mut self, through: ResumePoint) -> Result<(), FoldError> {
        if self.acknowledged == Some(through) {
            return Ok(());
        }
        self.store
            .write_resume_point(&self.source, &through)
            .await
            .map_err(|error| retry("cql_write", error))?;
        self.acknowledged = Some(through);
        Ok(())
    }
}

/// Rows that the store acknowledged, and why others were not.
#[derive(Default)]
struct Written {
    hours: Vec<RowKey>,
    minutes: Vec<RowKey>,
    funnels: Vec<RowKey>,
    failure: Option<CqlError>,
}

#[derive(Clone, Copy)]
enum DirtyRow<'a> {
    Hour(&'a RowKey, &'a HourTotals),
    Minute(&'a RowKey, &'a MinuteTotals),
    Funnel(&'a RowKey, &'a FunnelTotals),
}

impl DirtyRow<'_> {
    async fn write(self, store: &Store, source: &str) -> (Self, Result<(), CqlError>) {
        let result = match self {
            Self::Hour(key, totals) => store.write_hour(source, key, totals).await,
            Self::Minute(key, totals) => store.write_minute(source, key, totals).await,
            Self::Funnel(key, totals) => store.write_funnel(source, key, totals).await,
        };
        (self, result)
    }
}

async fn write_dirty(fold: &SourceFold, store: &Store, source: &str) -> Written {
    let mut written = Written::default();
    let hours = fold.dirty_hours().map(|(key, totals)| DirtyRow::Hour(key, totals));
    let minutes = fold.dirty_minutes().map(|(key, totals)| DirtyRow::Minute(key, totals));
    let funnels = fold.dirty_funnels().map(|(key, totals)| DirtyRow::Funnel(key, totals));
    let writes: Vec<_> = hours.chain(minutes).chain(funnels).map(|row| row.write(store, source)).collect();
    let half = writes.len().div_ceil(2);
    let mut acknowledged = 0;
    let mut answers = stream::iter(writes).buffer_unordered(IN_FLIGHT);
    while let Some((row, result)) = answers.next().await {
        match (result, row) {
            (Ok(()), DirtyRow::Hour(key, _)) => written.hours.push(key.clone()),
            (Ok(()), DirtyRow::Minute(key, _)) => written.minutes.push(key.clone()),
            (Ok(()), DirtyRow::Funnel(key, _)) => written.funnels.push(key.clone()),
            (Err(error), _) => {
                // The store is in trouble: what is under way may still arrive, the rest waits.
                written.failure = Some(error);
                return written;
            }
        }
        acknowledged += 1;
        if acknowledged == half {
            crash_point(MID_ROWS);
        }
    }
    written
}

fn offset_of(point: Option<ResumePoint>) -> i64 {
    point.map_or(-1, |point| point.offset)
}

fn retry(reason: &'static str, error: CqlError) -> FoldError {
    FoldError::Retry { reason, source: error.into() }
}
