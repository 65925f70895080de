//! The abandonment processor against the real servers: its own topics, database and processes in each test.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod announcing;
mod beacons;
mod crashes;
mod harness;
mod instances;
mod lagging;
mod postgres_away;
mod settings;
