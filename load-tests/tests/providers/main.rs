//! The provider simulator, spoken to as the senders speak to it.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod answers;
mod faults;
mod harness;
mod killed;
mod rate;
mod reports;
