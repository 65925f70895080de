use std::time::Duration;

/// One partition of one incarnation of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Real name of the topic, with its prefix.
    pub topic: String,
    /// UUID of the topic's incarnation, from `topic.epoch.v1`.
    pub incarnation: String,
    pub partition: i32,
}

/// One record as the folds see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub offset: i64,
    /// Append time of the broker (LogAppendTime), milliseconds since 1970 (UTC).
    pub append_ms: i64,
    pub key: Vec<u8>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// XXH3-64 of append time, key and value: what a resume point remembers, so that another
    /// record at its offset is recognised.
    pub fn hash(&self) -> i64 {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(&self.append_ms.to_le_bytes());
        hasher.update(&(self.key.len() as u64).to_le_bytes());
        hasher.update(&self.key);
        hasher.update(&[u8::from(self.value.is_some())]);
        hasher.update(self.value.as_deref().unwrap_or_default());
        hasher.digest().cast_signed()
    }

    /// Bytes that it occupies in a batch.
    pub fn bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, Vec::len) + 64
    }
}

/// How far a fold has come: it lives in the same store as what it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumePoint {
    /// Offset of the last record covered.
    pub offset: i64,
    /// T: running maximum of append times up to that offset, milliseconds since 1970 (UTC).
    pub max_append_ms: i64,
    /// [`Record::hash`] of the record at that offset.
    pub hash: i64,
}

/// What a service brings: it opens a fold for each partition that it is assigned.
pub trait Projection: Send + Sync + 'static {
    type Fold: Fold;

    /// Makes the fold of a source and reads its resume point from the store. Called outside the
    /// poll loop, again after [`FoldError::Reopen`], and repeated with backoff while it fails.
    fn open(&self, source: &Source) -> impl Future<Output = Result<Opened<Self::Fold>, OpenError>> + Send;
}

pub struct Opened<F> {
    pub fold: F,
    /// `None`: nothing is covered yet; begin at the low watermark.
    pub resume: Option<ResumePoint>,
    /// W: hand the fold, before anything else, every record from the first one appended at or
    /// after `DedupeWindow::read_back_from(W, T)` up to the resume point.
    pub read_back: Option<Duration>,
}

/// The fold of one partition. Its methods are never called concurrently.
pub trait Fold: Send + 'static {
    /// A record from before the resume point; only what makes later duplicates visible matters.
    fn read_back(&mut self, _record: &Record) {}

    /// Applies a batch, all of it or nothing: after an error the same batch, perhaps with records
    /// set aside, is offered again, and must then have the effect of a first time.
    fn apply(&mut self, batch: &Batch<'_>) -> impl Future<Output = Result<Applied, FoldError>> + Send;

    /// Makes everything applied so far durable, resume point last. Repeated unchanged while it
    /// fails with [`FoldError::Retry`]. Folds that are durable after each `apply` do nothing.
    fn flush(&mut self) -> impl Future<Output = Result<(), FoldError>> + Send {
        async { Ok(()) }
    }
}

/// Records of one partition in the order of their offsets.
#[derive(Debug)]
pub struct Batch<'a> {
    records: &'a [Record],
    set_aside: &'a [i64],
    /// Resume point once this batch is applied, dead letters included.
    pub through: ResumePoint,
}

impl<'a> Batch<'a> {
    pub fn new(records: &'a [Record], set_aside: &'a [i64], through: ResumePoint) -> Self {
        Self { records, set_aside, through }
    }

    /// The records to be applied: without those that were dead-lettered.
    pub fn records(&self) -> impl Iterator<Item = &'a Record> + '_ {
        self.records.iter().filter(|record| !self.set_aside.contains(&record.offset))
    }

    /// Every record, each with whether it was dead-lettered: a dead letter is not applied, and yet
    /// its append time is part of T.
    pub fn all_records(&self) -> impl Iterator<Item = (&'a Record, bool)> + '_ {
        self.records.iter().map(|record| (record, self.set_aside.contains(&record.offset)))
    }
}

/// How an applied batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Rows and resume point are durable.
    Durable,
    /// Held in memory until the next flush.
    Buffered,
    /// Held in memory, and so much of it that a flush is due now.
    FlushDue,
}

/// A record that can never be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    pub offset: i64,
    /// A bounded word for metric and dead letter.
    pub reason: &'static str,
    /// For people; never personal data.
    pub detail: String,
}

#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// These records are dead-lettered, and the batch is offered again without them.
    #[error("{} record(s) can never be applied", .0.len())]
    Poison(Vec<Poison>),
    /// May succeed later: repeated unchanged, with backoff, while the partition waits.
    #[error("{reason}: {source:#}")]
    Retry { reason: &'static str, source: anyhow::Error },
    /// Another owner may be ahead of this one, or an outcome is unknown: everything in memory is
    /// dropped, and the partition, if it is still assigned, opened again.
    #[error("opened again: {0}")]
    Reopen(String),
    /// Going on would make the projection wrong: the partition stops until a person acts.
    #[error("stopped: {detail}; see {runbook}")]
    Stop { runbook: &'static str, detail: String },
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0:#}")]
    Retry(anyhow::Error),
    #[error("stopped: {detail}; see {runbook}")]
    Stop { runbook: &'static str, detail: String },
}
