//! The steady state of one partition: batches from the channel through the fold, flushes, dead
//! letters, and an orderly end.

use std::time::Instant;

use metrics::{Counter, Histogram};
use tokio::sync::mpsc;

use super::api::{Applied, Batch, Fold, FoldError, Poison, Projection, Record, ResumePoint, Source};
use super::backoff::Backoff;
use super::board::Progress;
use super::group::{Command, NewPartition};
use super::partition::{Shared, Stop};
use super::start::{Continuity, Meaning, RUNBOOK};
use crate::telemetry::MetricName;

/// How consuming a partition ended.
pub(super) enum Ended {
    Released,
    Reopen(String),
    Stopped(Stop),
}

/// Records taken from the channel at once.
const CHUNK: usize = 128;

enum Wake {
    BatchReady,
    FlushDue,
    Released,
}

pub(super) struct Consumer<'a, P: Projection> {
    shared: &'a Shared<P>,
    new: &'a NewPartition,
    source: Source,
    fold: P::Fold,
    covered: Option<ResumePoint>,
    continuity: Continuity,
    incoming: mpsc::Receiver<Record>,
    batch: Vec<Record>,
    batch_bytes: usize,
    batch_since: Option<Instant>,
    /// Since when records are applied but not durable.
    unflushed_since: Option<Instant>,
    backoff: Backoff,
    applied_records: Counter,
    applied_batches: Counter,
    batch_seconds: Histogram,
}

impl<'a, P: Projection> Consumer<'a, P> {
    pub(super) fn new(
        shared: &'a Shared<P>,
        new: &'a NewPartition,
        source: Source,
        fold: P::Fold,
        covered: Option<ResumePoint>,
        continuity: Continuity,
        incoming: mpsc::Receiver<Record>,
    ) -> Self {
        let group = shared.config.group;
        let labels = [("group", group), ("topic", source.topic.as_str())];
        Self {
            shared,
            new,
            fold,
            covered,
            continuity,
            incoming,
            batch: Vec::new(),
            batch_bytes: 0,
            batch_since: None,
            unflushed_since: None,
            backoff: Backoff::new(shared.config.backoff_first, shared.config.backoff_longest),
            applied_records: MetricName::ConsumerRecords.counter_of(&labels),
            applied_batches: MetricName::ConsumerBatches.counter_of(&labels),
            batch_seconds: MetricName::ConsumerBatchTime.histogram_of(&[("group", group)]),
            source,
        }
    }

    pub(super) async fn run(mut self) -> Ended {
        loop {
            let outcome = match self.wake().await {
                Ok(Wake::BatchReady) => self.apply_batch().await,
                Ok(Wake::FlushDue) => self.flush().await,
                Ok(Wake::Released) => {
                    // What waits in the channel is read again by the next owner.
                    return self.flush().await.err().unwrap_or(Ended::Released);
                }
                Err(ended) => Err(ended),
            };
            if let Err(ended) = outcome {
                return ended;
            }
        }
    }

    /// Gathers records until a batch is complete or something else is due.
    async fn wake(&mut self) -> Result<Wake, Ended> {
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            let config = &self.shared.config;
            if self.batch.len() >= config.batch_records || self.batch_bytes >= config.batch_bytes {
                return Ok(Wake::BatchReady);
            }
            let room = CHUNK.min(config.batch_records - self.batch.len());
            let batch_due = self.batch_since.map(|since| since + config.batch_linger);
            let flush_due = self.unflushed_since.map(|since| since + config.flush_every);
            tokio::select! {
                biased;
                () = self.new.stop.cancelled() => return Ok(Wake::Released),
                () = self.new.reopen.notified() => return Err(Ended::Reopen("a position was outside the log".to_owned())),
                () = sleep_until(batch_due) => return Ok(Wake::BatchReady),
                () = sleep_until(flush_due) => return Ok(Wake::FlushDue),
                taken = self.incoming.recv_many(&mut chunk, room) => {
                    if taken == 0 {
                        return Err(Ended::Reopen("the poll thread let go of the partition".to_owned()));
                    }
                    for record in chunk.drain(..) {
                        self.take(record)?;
                    }
                }
            }
        }
    }

    fn take(&mut self, record: Record) -> Result<(), Ended> {
        match self.continuity.meet(&record) {
            Ok(Meaning::ReadBack) => self.fold.read_back(&record),
            Ok(Meaning::New) => {
                self.batch_since.get_or_insert_with(Instant::now);
                self.batch_bytes += record.bytes();
                self.batch.push(record);
            }
            Err(misfit) => return Err(Ended::Stopped(Stop { runbook: RUNBOOK, detail: misfit.0 })),
        }
        Ok(())
    }

    async fn apply_batch(&mut self) -> Result<(), Ended> {
        let records = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        self.batch_since = None;
        let Some(last) = records.last() else { return Ok(()) };
        self.check_incarnation()?;
        let newest = records.iter().map(|record| record.append_ms).max().unwrap_or(last.append_ms);
        let through = ResumePoint {
            offset: last.offset,
            max_append_ms: self.covered.map_or(newest, |point| point.max_append_ms.max(newest)),
            hash: last.hash(),
        };
        let began = Instant::now();
        let applied = self.apply_until_done(&records, through).await?;
        self.batch_seconds.record(began.elapsed());
        self.applied_records.increment(records.len() as u64);
        self.applied_batches.increment(1);
        self.covered = Some(through);
        let progress = Progress { next: through.offset + 1, append_ms: last.append_ms };
        self.shared.board.progressed(&self.new.key, progress);
        match applied {
            Applied::Durable => self.tell_covered(),
            Applied::Buffered => {
                self.unflushed_since.get_or_insert_with(Instant::now);
            }
            Applied::FlushDue => {
                self.unflushed_since.get_or_insert_with(Instant::now);
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn apply_until_done(&mut self, records: &[Record], through: ResumePoint) -> Result<Applied, Ended> {
        let mut set_aside: Vec<i64> = Vec::new();
        loop {
            match self.fold.apply(&Batch::new(records, &set_aside, through)).await {
                Ok(applied) => {
                    self.backoff.reset();
                    return Ok(applied);
                }
                Err(FoldError::Poison(poisons)) => {
                    let mut is_news = false;
                    for poison in &poisons {
                        let named = records.iter().find(|record| record.offset == poison.offset);
                        let Some(record) = named.filter(|record| !set_aside.contains(&record.offset)) else {
                            continue;
                        };
                        self.set_aside(record, poison).await?;
                        set_aside.push(record.offset);
                        is_news = true;
                    }
                    if !is_news {
                        let detail = "the fold names as poison only what is set aside already".to_owned();
                        return Err(Ended::Stopped(Stop { runbook: RUNBOOK, detail }));
                    }
                }
                Err(error) => self.recover(error).await?,
            }
        }
    }

    /// The letter is acknowledged before the offset moves, however long that takes.
    async fn set_aside(&mut self, record: &Record, poison: &Poison) -> Result<(), Ended> {
        loop {
            match self.shared.dead_letters.write(&self.source, record, poison).await {
                Ok(()) => {
                    self.backoff.reset();
                    return Ok(());
                }
                Err(error) => {
                    self.recover(FoldError::Retry { reason: "dead_letter", source: error.into() }).await?;
                }
            }
        }
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        if self.unflushed_since.is_none() {
            return Ok(());
        }
        loop {
            match self.fold.flush().await {
                Ok(()) => break,
                Err(error) => self.recover(error).await?,
            }
        }
        self.backoff.reset();
        self.unflushed_since = None;
        self.tell_covered();
        Ok(())
    }

    /// Waits when it may pass; otherwise says how the partition ends.
    async fn recover(&mut self, error: FoldError) -> Result<(), Ended> {
        match error {
            FoldError::Retry { reason, source } => {
                let wait = self.backoff.next_wait();
                tracing::warn!(
                    topic = self.source.topic,
                    partition = self.source.partition,
                    reason,
                    error = format!("{source:#}"),
                    again_ms = wait.as_millis() as u64,
                    "the partition waits and tries again"
                );
                MetricName::ConsumerRetries
                    .counter_of(&[("group", self.shared.config.group), ("reason", reason)])
                    .increment(1);
                tokio::select! {
                    () = self.new.stop.cancelled() => Err(Ended::Released),
                    () = tokio::time::sleep(wait) => Ok(()),
                }
            }
            FoldError::Reopen(reason) => Err(Ended::Reopen(reason)),
            FoldError::Stop { runbook, detail } => Err(Ended::Stopped(Stop { runbook, detail })),
            FoldError::Poison(_) => {
                let detail = "a flush named records as poison".to_owned();
                Err(Ended::Stopped(Stop { runbook: RUNBOOK, detail }))
            }
        }
    }

    /// A topic made again by `vendzz topics apply` is another source.
    fn check_incarnation(&self) -> Result<(), Ended> {
        match self.shared.epochs.get(&self.source.topic) {
            Some(epochs) if epochs.incarnation != self.source.incarnation => {
                Err(Ended::Reopen("the topic has a new incarnation".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn tell_covered(&self) {
        if let Some(point) = self.covered {
            let covered = Command::Covered {
                key: self.new.key.clone(),
                generation: self.new.generation,
                point,
                incarnation: self.source.incarnation.clone(),
            };
            // The poll thread outlives every task; it is gone only when the process ends.
            let _ = self.shared.commands.send(covered);
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
