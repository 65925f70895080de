//! `vendzz-webhooks` as a process, spoken to over real HTTP, on a real PostgreSQL (`infra/local/stack up` first),
//! each test in a database of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_requests;
mod csv_files;
mod harness;
mod inbound;
mod permissions_api;
mod reports;
mod starting;
mod unsubscribing;
