//! The consumer kernel: one for every consumer of ours.
//!
//! One poll loop hands each partition's records to a task of its own over a bounded channel.
//! A service brings a [`Projection`], which opens a [`Fold`] for each partition; the kernel does
//! everything else: assignment, resume points, read-back, backpressure, batches, retries, dead
//! letters, flushes, lag, and a revoke that drains and joins before it returns.
//!
//! - `run`: entry point, the poll thread.
//! - `group`: what runs on the poll thread: rebalances, hand-over, pause and resume.
//! - `partition`: the life of one partition; `start`: where it begins; `consume`: its steady state.
//! - `commits`: what is committed to Kafka; `committed`: that read again, where it is the resume point.

mod api;
mod backoff;
mod board;
mod commits;
mod committed;
mod config;
mod consume;
mod dead_letter;
mod group;
mod lookup;
mod partition;
mod run;
mod start;

pub use api::{
    Applied, Batch, Fold, FoldError, OpenError, Opened, Poison, Projection, Record, ResumePoint, Source,
};
pub use backoff::Backoff;
pub use committed::{CommittedOffsets, GroupPosition};
pub use config::KernelConfig;
pub use dead_letter::headers as dead_letter_headers;
pub use run::run;
pub use start::RUNBOOK as RESUME_POINT_RUNBOOK;
