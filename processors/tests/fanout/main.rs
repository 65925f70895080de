//! `vendzz-fanout` against the real broker and registry: `infra/local/stack up` first.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod crashes;
mod definitions;
mod following_up;
mod harness;
mod log;
mod misfits;
mod process;
mod samples;
