//! The edge as its users see it: the real binary against the real Kafka and registry
//! (`infra/local/stack up`), in a namespace of its own.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod bad_input;
mod bots;
mod connections;
mod drain;
mod harness;
mod http2_floods;
mod limits;
mod overload;
mod progress;
mod progress_input;
mod progress_privacy;
mod serving;
mod snapshot;
mod starting;
mod submitting;
mod versions;
mod viewing;
