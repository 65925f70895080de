//! The life of one assigned partition: open, start, consume, and open again when it must.

use std::sync::{Arc, mpsc as std_mpsc};

use tokio::sync::mpsc;
use vendzz_schemas::topics::{self, Cleanup};

use super::api::{OpenError, Projection, Source};
use super::backoff::Backoff;
use super::board::{Board, Progress, Standing};
use super::config::KernelConfig;
use super::consume::{Consumer, Ended};
use super::dead_letter::DeadLetters;
use super::group::{Command, NewPartition};
use super::lookup::Lookup;
use super::start::{Continuity, RUNBOOK, plan_start};
use crate::dedupe::DedupeWindow;
use crate::tables::Epochs;
use crate::telemetry::MetricName;

/// What all partitions of one consumer share.
pub(super) struct Shared<P> {
    pub config: KernelConfig,
    pub projection: P,
    pub epochs: Epochs,
    pub namespace: topics::Namespace,
    pub lookup: Lookup,
    pub dead_letters: DeadLetters,
    pub board: Board,
    pub commands: std_mpsc::Sender<Command>,
}

/// Why a partition stands still until a person acts.
pub(super) struct Stop {
    pub runbook: &'static str,
    pub detail: String,
}

pub(super) struct PartitionTask<P> {
    shared: Arc<Shared<P>>,
    new: NewPartition,
}

impl<P: Projection> PartitionTask<P> {
    pub(super) fn new(shared: Arc<Shared<P>>, new: NewPartition) -> Self {
        Self { shared, new }
    }

    /// Runs until the partition is released.
    pub(super) async fn run(self) {
        let mut backoff = self.backoff();
        loop {
            let ended = match self.open().await {
                Ok(consumer) => {
                    backoff.reset();
                    consumer.run().await
                }
                Err(ended) => ended,
            };
            self.ask(Command::Halt { key: self.new.key.clone(), generation: self.new.generation });
            match ended {
                Ended::Released => return,
                Ended::Reopen(reason) => {
                    tracing::warn!(
                        topic = self.new.key.0,
                        partition = self.new.key.1,
                        reason,
                        "opening the partition again"
                    );
                    self.count_retry("reopen");
                    self.shared.board.stands(&self.new.key, Standing::Opening(reason));
                    if !self.wait(&mut backoff).await {
                        return;
                    }
                }
                Ended::Stopped(stop) => {
                    tracing::error!(
                        topic = self.new.key.0,
                        partition = self.new.key.1,
                        detail = stop.detail,
                        runbook = stop.runbook,
                        "the partition stopped and needs a person"
                    );
                    self.shared.board.stands(
                        &self.new.key,
                        Standing::Stopped(format!("{}; see {}", stop.detail, stop.runbook)),
                    );
                    self.new.stop.cancelled().await;
                    return;
                }
            }
        }
    }

    /// Asks store and Kafka where to begin, and has the poll thread begin there.
    async fn open(&self) -> Result<Consumer<'_, P>, Ended> {
        let (topic, partition) = (&self.new.key.0, self.new.key.1);
        let source = self.source().await?;
        let mut backoff = self.backoff();
        let opened = loop {
            match self.shared.projection.open(&source).await {
                Ok(opened) => break opened,
                Err(OpenError::Stop { runbook, detail }) => {
                    return Err(Ended::Stopped(Stop { runbook, detail }));
                }
                Err(OpenError::Retry(error)) => self.failed("open", &error, &mut backoff).await?,
            }
        };
        let read_back_ms = match (opened.read_back, opened.resume) {
            (Some(window), Some(point)) => Some(DedupeWindow::read_back_from(window, point.max_append_ms)),
            _ => None,
        };
        let (low, high, read_back) = loop {
            let asked = async {
                let (low, high) = self.shared.lookup.watermarks(topic, partition).await?;
                let read_back = match read_back_ms {
                    Some(append_ms) => self.shared.lookup.first_at(topic, partition, append_ms).await?,
                    None => None,
                };
                anyhow::Ok((low, high, read_back))
            };
            match asked.await {
                Ok(answer) => break answer,
                Err(error) => self.failed("watermarks", &error, &mut backoff).await?,
            }
        };
        let plan = plan_start(opened.resume, low, high, read_back)
            .map_err(|misfit| Ended::Stopped(Stop { runbook: RUNBOOK, detail: misfit.0 }))?;
        if opened.resume.is_none() && low == high {
            // So that a fold without a store knows, when records are there, that they are new to it.
            self.ask(Command::Begun {
                key: self.new.key.clone(),
                generation: self.new.generation,
                next: plan.offset,
                incarnation: source.incarnation.clone(),
            });
        }
        let (sender, records) = mpsc::channel(self.shared.config.batch_records);
        self.ask(Command::Start {
            key: self.new.key.clone(),
            generation: self.new.generation,
            offset: plan.offset,
            records: sender,
        });
        tracing::info!(
            topic,
            partition,
            from = plan.offset,
            low,
            high,
            resume = opened.resume.map(|point| point.offset),
            "partition opened"
        );
        self.shared.board.stands(&self.new.key, Standing::Running);
        let next = opened.resume.map_or(plan.offset, |point| point.offset + 1);
        let append_ms = opened.resume.map_or(0, |point| point.max_append_ms);
        self.shared.board.progressed(&self.new.key, Progress { next, append_ms });
        let continuity = Continuity::new(plan, self.is_compacted());
        Ok(Consumer::new(&self.shared, &self.new, source, opened.fold, opened.resume, continuity, records))
    }

    /// The partition's source, once the topic's incarnation is known.
    async fn source(&self) -> Result<Source, Ended> {
        let (topic, partition) = (&self.new.key.0, self.new.key.1);
        let mut backoff = self.backoff();
        loop {
            if let Some(epochs) = self.shared.epochs.get(topic) {
                let incarnation = epochs.incarnation.clone();
                return Ok(Source { topic: topic.clone(), incarnation, partition });
            }
            let error = anyhow::anyhow!(
                "no epochs of {topic} on topic.epoch.v1 yet; `vendzz topics apply` writes them"
            );
            self.failed("epochs", &error, &mut backoff).await?;
        }
    }

    fn is_compacted(&self) -> bool {
        let base = self.shared.namespace.base(&self.new.key.0);
        base.and_then(topics::spec).is_some_and(|spec| spec.cleanup == Cleanup::Compact)
    }

    async fn failed(
        &self,
        reason: &'static str,
        error: &anyhow::Error,
        backoff: &mut Backoff,
    ) -> Result<(), Ended> {
        tracing::warn!(
            topic = self.new.key.0,
            partition = self.new.key.1,
            error = format!("{error:#}"),
            "cannot open the partition yet"
        );
        self.count_retry(reason);
        self.shared.board.stands(&self.new.key, Standing::Opening(format!("{error:#}")));
        if self.wait(backoff).await { Ok(()) } else { Err(Ended::Released) }
    }

    /// Waits out the backoff; false when the partition was released meanwhile.
    async fn wait(&self, backoff: &mut Backoff) -> bool {
        tokio::select! {
            () = self.new.stop.cancelled() => false,
            () = tokio::time::sleep(backoff.next_wait()) => true,
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.shared.config.backoff_first, self.shared.config.backoff_longest)
    }

    fn count_retry(&self, reason: &'static str) {
        MetricName::ConsumerRetries
            .counter_of(&[("group", self.shared.config.group), ("reason", reason)])
            .increment(1);
    }

    fn ask(&self, command: Command) {
        // The poll thread outlives every task; it is gone only when the process ends.
        let _ = self.shared.commands.send(command);
    }
}
