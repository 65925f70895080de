//! The command as its users meet it: run as a process, against the real stack
//! (`infra/local/stack up` first), each test in topics and subjects of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod campaign;
mod independent_reader;
mod installation;
mod lag;
mod metrics;
mod sample;
mod schemas;
mod sending;
mod stats;
mod tail;
mod topics;
mod usage;
