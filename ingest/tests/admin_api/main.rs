//! The admin API as its users see it: the real binary against the real Kafka, registry and PostgreSQL
//! (`infra/local/stack up`), in a namespace of its own.

#![allow(clippy::unwrap_used)] // A test says by a panic what went wrong.

mod bad_campaigns;
mod bad_definitions;
mod bad_requests;
mod campaign_lists;
mod campaign_races;
mod campaigns;
mod crashes;
mod drain;
mod harness;
mod locking;
mod publishing;
mod races;
mod starting;
