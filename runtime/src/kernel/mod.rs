//! The consumer kernel: one for every consumer of ours.
//!
//! One poll loop hands each partition's records to a task of its own over a bounded channel.
//! A service brings a [`Projection`], which opens a [`Fold`] for each partition; the kernel does
//! everything else: assignment, resume points, read-back, backpressure, batches, retries, dead
//! letters, flushes, lag, and a revoke that drains and joins before it returns.

mod api;

pub use api::{
    Applied, Batch, Fold, FoldError, OpenError, Opened, Poison, Projection, Record, ResumePoint, Source,
};
