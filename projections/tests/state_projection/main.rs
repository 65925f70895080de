//! The state projection against a real PostgreSQL, each test with a database of its own. One binary,
//! since linking takes longer than the tests.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod commit_unanswered;
mod frozen_owner;
mod golden;
mod leads;
mod partials;
mod properties;
mod ranges;
mod reads;
mod set_up;
mod support;
mod writing;
