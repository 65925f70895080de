//! The fault suite: processes and servers are killed, frozen and taken away under real traffic, and
//! afterwards every accepted submission must stand in the log, in PostgreSQL and in the CQL store,
//! once; and what follows the answers must be exactly what was expected. The servers run already (`infra/local/stack up`), the programs are built (`make build`).
//!
//! One trial at a time: each disturbs what the others would stand on.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod databases;
mod edge;
mod follow_up;
mod follow_up_trial;
mod personal_data;
mod projectors;
mod provider_outage;
mod rebuild;
mod sending;
mod sending_trial;
mod servers_away;
mod trial;
mod zombies;
