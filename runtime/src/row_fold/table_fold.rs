use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{FoldedRow, Placed, RowStore, StoredRow, Week, WriteError, fold_events};
use crate::decode::{DecodeFailure, EventReader};
use crate::kernel::{Batch, FoldError, Poison, Record, ResumePoint, Source};
use crate::telemetry::MetricName;

/// The fold of one partition into one table.
pub struct TableFold<R: FoldedRow> {
    store: RowStore,
    source: Source,
    reader: EventReader<R::Event>,
    /// The resume point as this owner last saw it.
    covered: Option<ResumePoint>,
}

impl<R: StoredRow> TableFold<R> {
    pub fn new(
        store: RowStore,
        source: Source,
        reader: EventReader<R::Event>,
        covered: Option<ResumePoint>,
    ) -> Self {
        Self { store, source, reader, covered }
    }

    /// Writes the batch's rows and resume point, or nothing.
    pub async fn apply(&mut self, batch: &Batch<'_>) -> Result<(), FoldError> {
        let events = self.decode(batch).await?;
        let rows: Vec<R> = fold_events(events).map_err(FoldError::Poison)?;
        let began = Instant::now();
        let written = self.write(&rows, batch.through).await?;
        self.covered = Some(batch.through);
        let replaced = rows.iter().filter(|row| row.event_time_replaced()).count();
        BatchWritten {
            group: self.store.target.group,
            rows: written,
            event_times_replaced: replaced as u64,
            took: began.elapsed(),
        }
        .emit();
        Ok(())
    }

    async fn decode(&mut self, batch: &Batch<'_>) -> Result<Vec<Placed<R::Event>>, FoldError> {
        let mut events = Vec::new();
        let mut poison = Vec::new();
        for Record { offset, append_ms, value, .. } in batch.records() {
            let (offset, append_ms) = (*offset, *append_ms);
            let Some(framed) = value else {
                // No topic of ours is emptied by tombstones: a quiz is unpublished, never deleted.
                let detail = "a tombstone".to_owned();
                poison.push(Poison { offset, reason: "tombstone", detail });
                continue;
            };
            match self.reader.read(framed).await {
                Ok(event) => events.push(Placed { offset, append_ms, event }),
                Err(DecodeFailure::Never { reason, detail }) => {
                    poison.push(Poison { offset, reason, detail })
                }
                Err(DecodeFailure::NotNow(why)) => {
                    return Err(FoldError::Retry { reason: "registry", source: anyhow::anyhow!(why) });
                }
            }
        }
        if !poison.is_empty() {
            return Err(FoldError::Poison(poison));
        }
        Ok(events)
    }

    async fn write(&self, rows: &[R], through: ResumePoint) -> Result<u64, FoldError> {
        let weeks: BTreeSet<Week> = rows.iter().filter_map(FoldedRow::week).collect();
        self.store.make_ranges(&weeks).await?;
        match self.store.write(&self.source, rows, self.covered, through).await {
            Ok(written) => Ok(written),
            Err(WriteError::BadData { .. }) => Err(self.find_poison(rows).await?),
            Err(WriteError::MissingRange) => {
                self.store.forget_ranges();
                self.store.make_ranges(&weeks).await?;
                Ok(self.store.write(&self.source, rows, self.covered, through).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Halves rows that were refused together until each culprit stands alone.
    async fn find_poison(&self, rows: &[R]) -> Result<FoldError, FoldError> {
        let mut poison = Vec::new();
        let mut suspects = vec![rows];
        while let Some(rows) = suspects.pop() {
            let Err(error) = self.store.try_rows(&self.source, rows).await else { continue };
            match (error, rows) {
                (WriteError::BadData { sqlstate }, [row]) => poison.push(Poison {
                    offset: row.offset(),
                    reason: "refused_by_store",
                    detail: format!("PostgreSQL refuses a value (SQLSTATE {sqlstate})"),
                }),
                (WriteError::BadData { .. }, rows) => {
                    let (left, right) = rows.split_at(rows.len() / 2);
                    suspects.extend([right, left]);
                }
                (error, _) => return Err(error.into()),
            }
        }
        if poison.is_empty() {
            return Ok(WriteError::BadData { sqlstate: "of no single row".to_owned() }.into());
        }
        poison.sort_by_key(|poison| poison.offset);
        Ok(FoldError::Poison(poison))
    }
}

/// A batch is durable.
struct BatchWritten {
    group: &'static str,
    /// Rows that the table gained or changed.
    rows: u64,
    event_times_replaced: u64,
    took: Duration,
}

impl BatchWritten {
    fn emit(self) {
        let labels = [("group", self.group)];
        MetricName::RowsFlushed.counter_of(&labels).increment(self.rows);
        MetricName::EventTimeReplaced.counter_of(&labels).increment(self.event_times_replaced);
        MetricName::FlushTime.histogram_of(&labels).record(self.took);
        tracing::debug!(rows = self.rows, millis = self.took.as_millis(), "batch written");
    }
}
