use std::collections::VecDeque;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use metrics::Counter;
use vendzz_runtime::decode::DecodeFailure;
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::{
    Applied, Batch, Fold, FoldError, OpenError, Opened, Poison, Projection, RESUME_POINT_RUNBOOK, Record,
    ResumePoint, Source,
};
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::topics::Namespace;

use super::cql::{CqlError, Store, source_text};
use super::decode::SourceReader;
use super::flush::FlushMetrics;
use super::planted::Fault;
use super::{AnalyticsConfig, Decoding, FOLD_VERSION, GROUP, LogRecord, Missing, SourceFold};

/// Requests of one source that are under way at the same time.
pub(super) const IN_FLIGHT: usize = 64;

/// Opens the fold of each partition of the topics that are counted.
pub struct AnalyticsProjection {
    store: Arc<Store>,
    config: AnalyticsConfig,
    namespace: Namespace,
    decoding: Decoding,
}

impl AnalyticsProjection {
    pub fn new(store: Arc<Store>, config: AnalyticsConfig, namespace: Namespace, decoding: Decoding) -> Self {
        Self { store, config, namespace, decoding }
    }
}

impl Projection for AnalyticsProjection {
    type Fold = AnalyticsFold;

    async fn open(&self, source: &Source) -> Result<Opened<AnalyticsFold>, OpenError> {
        let topic = self.namespace.base(&source.topic).unwrap_or_default();
        let Some(reader) = SourceReader::of_topic(topic, &self.decoding) else {
            return Err(stop(format!("{} is no topic of this projection", source.topic)));
        };
        let source_text = source_text(source);
        let cell =
            self.store.resume_point(&source_text).await.map_err(|error| OpenError::Retry(error.into()))?;
        if let Some(cell) = cell
            && cell.fold_version != FOLD_VERSION
        {
            return Err(stop(format!(
                "the resume point of {source_text} is of fold version {}, this program's is {FOLD_VERSION}",
                cell.fold_version
            )));
        }
        let resume = cell.map(|cell| cell.point());
        let window =
            (reader.has_duplicates() && !Fault::NoDedupe.is_planted()).then_some(self.config.dedupe_window);
        let duplicates = window.map(|window| DedupeWindow::new(window, &source.incarnation));
        let fold = AnalyticsFold {
            fold: SourceFold::new(resume, duplicates),
            store: self.store.clone(),
            source: source_text,
            reader,
            undecided: VecDeque::new(),
            acknowledged: resume,
            flush_rows: self.config.flush_rows,
            held_rows: self.config.held_rows,
            duplicates_seen: MetricName::DuplicateSubmissions.counter_of(&[("group", GROUP)]),
            times_replaced: MetricName::EventTimeReplaced.counter_of(&[("group", GROUP)]),
            flush_metrics: FlushMetrics::new(),
        };
        Ok(Opened { fold, resume, read_back: window })
    }
}

/// The fold of one source with its store: reads the rows that a batch needs, applies it, flushes.
pub struct AnalyticsFold {
    pub(super) fold: SourceFold,
    pub(super) store: Arc<Store>,
    /// Of the tables' column `source`.
    pub(super) source: String,
    reader: SourceReader,
    /// Records read back from the first one on that cannot be decoded without asking the registry.
    undecided: VecDeque<Record>,
    /// Resume point that the store is known to have.
    pub(super) acknowledged: Option<ResumePoint>,
    flush_rows: usize,
    pub(super) held_rows: usize,
    duplicates_seen: Counter,
    times_replaced: Counter,
    pub(super) flush_metrics: FlushMetrics,
}

impl Fold for AnalyticsFold {
    /// A record that was dead-lettered is recognised as such again: it is decoded like any other.
    fn read_back(&mut self, record: &Record) {
        if self.undecided.is_empty()
            && let Some(outcome) = self.reader.read_at_once(record)
            && let Some(record) = decided(record, outcome)
        {
            self.fold.read_back(&record);
            return;
        }
        self.undecided.push_back(record.clone());
    }

    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        self.decide_read_back().await?;
        let records = self.decode(batch).await?;
        self.load(self.fold.missing(&records)).await?;
        // From here on nothing waits and nothing fails: the batch is applied whole, and once.
        let outcome = self.fold.apply(&records, batch.through);
        self.duplicates_seen.increment(outcome.duplicates);
        self.times_replaced.increment(outcome.times_replaced);
        match self.fold.dirty_count() >= self.flush_rows {
            true => Ok(Applied::FlushDue),
            false => Ok(Applied::Buffered),
        }
    }

    async fn flush(&mut self) -> Result<(), FoldError> {
        self.write_out().await
    }
}

impl AnalyticsFold {
    async fn decide_read_back(&mut self) -> Result<(), FoldError> {
        while let Some(record) = self.undecided.front() {
            let outcome = self.reader.read(record).await;
            match decided(record, outcome) {
                Some(record) => self.fold.read_back(&record),
                None => return Err(not_now("the schema of a record read back is not known")),
            }
            self.undecided.pop_front();
        }
        Ok(())
    }

    /// All records of a batch, or every one that can never be read.
    async fn decode(&mut self, batch: &Batch<'_>) -> Result<Vec<LogRecord>, FoldError> {
        let mut records = Vec::new();
        let mut poison = Vec::new();
        for (record, set_aside) in batch.all_records() {
            if set_aside {
                records.push(LogRecord::SetAside { append_ms: record.append_ms });
                continue;
            }
            match self.reader.read(record).await {
                Ok(event) => records.push(LogRecord::Event(event)),
                Err(DecodeFailure::Never { reason, detail }) => {
                    poison.push(Poison { offset: record.offset, reason, detail });
                }
                Err(DecodeFailure::NotNow(why)) => return Err(not_now(&why)),
            }
        }
        if poison.is_empty() { Ok(records) } else { Err(FoldError::Poison(poison)) }
    }

    /// Reads rows that are not in memory: new ones, and ones that were let go.
    async fn load(&mut self, missing: Missing) -> Result<(), FoldError> {
        let (store, source) = (&self.store, self.source.as_str());
        let read = missing.hours.into_iter().map(|key| async move {
            let stored = store.hour(source, &key).await?;
            Ok::<_, CqlError>((key, stored))
        });
        let hours: Vec<_> =
            stream::iter(read).buffer_unordered(IN_FLIGHT).try_collect().await.map_err(read_failed)?;
        let read = missing.minutes.into_iter().map(|key| async move {
            let stored = store.minute(source, &key).await?;
            Ok::<_, CqlError>((key, stored))
        });
        let minutes: Vec<_> =
            stream::iter(read).buffer_unordered(IN_FLIGHT).try_collect().await.map_err(read_failed)?;
        let read = missing.funnels.into_iter().map(|key| async move {
            let stored = store.funnel(source, &key).await?;
            Ok::<_, CqlError>((key, stored))
        });
        let funnels: Vec<_> =
            stream::iter(read).buffer_unordered(IN_FLIGHT).try_collect().await.map_err(read_failed)?;
        for (key, stored) in hours {
            self.fold.put_hour(key, stored);
        }
        for (key, stored) in minutes {
            self.fold.put_minute(key, stored);
        }
        for (key, stored) in funnels {
            self.fold.put_funnel(key, stored);
        }
        Ok(())
    }
}

/// What a record is to the fold; `None`: not known before the registry answers.
fn decided(record: &Record, outcome: Result<super::Event, DecodeFailure>) -> Option<LogRecord> {
    match outcome {
        Ok(event) => Some(LogRecord::Event(event)),
        Err(DecodeFailure::Never { .. }) => Some(LogRecord::SetAside { append_ms: record.append_ms }),
        Err(DecodeFailure::NotNow(_)) => None,
    }
}

fn not_now(why: &str) -> FoldError {
    FoldError::Retry { reason: "registry_away", source: anyhow::anyhow!(why.to_owned()) }
}

fn read_failed(error: CqlError) -> FoldError {
    FoldError::Retry { reason: "cql_read", source: error.into() }
}

fn stop(detail: String) -> OpenError {
    OpenError::Stop { runbook: RESUME_POINT_RUNBOOK, detail }
}
