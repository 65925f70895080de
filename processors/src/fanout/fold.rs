use std::collections::VecDeque;
use std::sync::Arc;

use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::decode::DecodeFailure;
use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::{Applied, Batch, Fold, FoldError, Poison, Record};

use super::records::{OwnedEvent, RecordReader};
use super::send::send;
use super::{EmitFrom, FanoutParts, SkipReason};

/// The fold of one partition. Durable after each batch, so it has nothing to flush.
pub struct FanoutFold {
    pub(super) parts: Arc<FanoutParts>,
    pub(super) reader: RecordReader,
    pub(super) emit_from: EmitFrom,
    pub(super) duplicates: Option<DedupeWindow>,
    /// Records read back from the first one on that cannot be decoded without asking the registry.
    pub(super) undecided: VecDeque<Record>,
    /// The batch as it was read the first time it was offered: duplicates are told apart once.
    pub(super) prepared: Option<Prepared>,
    pub(super) has_applied: bool,
}

pub(super) struct Prepared {
    last_offset: i64,
    pub(super) records: Vec<PreparedRecord>,
}

pub(super) struct PreparedRecord {
    pub(super) offset: i64,
    pub(super) append_ms: i64,
    pub(super) meaning: Meaning,
}

pub(super) enum Meaning {
    FollowUp(Box<OwnedEvent>),
    Skip(SkipReason),
    /// A dead letter.
    SetAside,
}

impl Fold for FanoutFold {
    /// A record that was dead-lettered is recognised as such again: it is decoded like any other.
    fn read_back(&mut self, record: &Record) {
        if self.undecided.is_empty()
            && let Some(outcome) = self.reader.read_at_once(record)
            && self.note(record, &outcome)
        {
            return;
        }
        self.undecided.push_back(record.clone());
    }

    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        if std::mem::take(&mut self.has_applied) {
            crash_point("fanout.after_batch");
        }
        self.decide_read_back().await?;
        let prepared = match self.prepared.take() {
            Some(prepared) if prepared.last_offset == batch.through.offset => prepared,
            _ => self.prepare(batch).await?,
        };
        let outcome = send(&self.parts, &prepared, batch).await;
        match outcome {
            Ok(tally) => {
                crash_point("fanout.before_commit");
                tally.emit();
                self.has_applied = true;
                Ok(Applied::Durable)
            }
            Err(error) => {
                self.prepared = Some(prepared);
                Err(error)
            }
        }
    }
}

impl FanoutFold {
    /// Shows a record that was read back to the dedupe window; false: not known before the registry answers.
    fn note(&mut self, record: &Record, outcome: &Result<OwnedEvent, DecodeFailure>) -> bool {
        let Some(duplicates) = &mut self.duplicates else { return true };
        match outcome {
            Ok(_) => drop(duplicates.observe(&record.key, record.append_ms)),
            Err(DecodeFailure::Never { .. }) => duplicates.pass(record.append_ms),
            Err(DecodeFailure::NotNow(_)) => return false,
        }
        true
    }

    async fn decide_read_back(&mut self) -> Result<(), FoldError> {
        while let Some(record) = self.undecided.pop_front() {
            let outcome = self.reader.read(&record).await;
            if !self.note(&record, &outcome) {
                self.undecided.push_front(record);
                return Err(not_now("the schema of a record read back is not known"));
            }
        }
        Ok(())
    }

    /// Decodes a batch, then tells duplicates apart; or names every record that can never be read.
    async fn prepare(&mut self, batch: &Batch<'_>) -> Result<Prepared, FoldError> {
        let mut read = Vec::new();
        let mut poison = Vec::new();
        for (record, set_aside) in batch.all_records() {
            if set_aside {
                read.push((record, None));
                continue;
            }
            match self.reader.read(record).await {
                Ok(event) => read.push((record, Some(event))),
                // Nothing is made of it anyway, so it needs nobody's attention.
                Err(DecodeFailure::Never { .. }) if !self.emit_from.allows(record.append_ms) => {
                    read.push((record, None));
                }
                Err(DecodeFailure::Never { reason, detail }) => {
                    poison.push(Poison { offset: record.offset, reason, detail });
                }
                Err(DecodeFailure::NotNow(why)) => return Err(not_now(&why)),
            }
        }
        if !poison.is_empty() {
            return Err(FoldError::Poison(poison));
        }
        // From here on nothing fails: each record is shown to the dedupe window once.
        let records = read.into_iter().map(|(record, event)| PreparedRecord {
            offset: record.offset,
            append_ms: record.append_ms,
            meaning: self.meaning(record, event),
        });
        Ok(Prepared { records: records.collect(), last_offset: batch.through.offset })
    }

    fn meaning(&mut self, record: &Record, event: Option<OwnedEvent>) -> Meaning {
        let Some(event) = event else {
            if let Some(duplicates) = &mut self.duplicates {
                duplicates.pass(record.append_ms);
            }
            return Meaning::SetAside;
        };
        let duplicates = self.duplicates.as_mut();
        let is_duplicate =
            duplicates.is_some_and(|duplicates| duplicates.observe(&record.key, record.append_ms));
        if !self.emit_from.allows(record.append_ms) {
            return Meaning::Skip(SkipReason::BeforeEmitFrom);
        }
        if is_duplicate { Meaning::Skip(SkipReason::Duplicate) } else { Meaning::FollowUp(Box::new(event)) }
    }
}

fn not_now(why: &str) -> FoldError {
    FoldError::Retry { reason: "registry_away", source: anyhow::anyhow!(why.to_owned()) }
}
