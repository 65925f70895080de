//! What the tests of several crates stand on: the local stack (`infra/local/stack up`), services as processes,
//! the log, databases.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod answer;
mod commit_proxy;
mod database;
mod log;
mod process;
mod stack;

pub use answer::{Answer, with_headers};
pub use commit_proxy::{AtCommit, CommitProxy};
pub use database::Database;
pub use log::{Log, RawRecord, Record};
pub use process::Process;
pub use stack::{kafka_address, make_topics, postgres_url, registry_url};
