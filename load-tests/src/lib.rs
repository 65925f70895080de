//! Traffic for Vendzz Stream, and the reckoning of what became of it.
//!
//! `traffic` draws who sends what, `generator` sends it on time, `journal` remembers it, `reckoning`
//! compares the log and both stores with it. `providers` plays those who carry messages, `sending` reckons what was
//! handed to them. `demo`, `capacity` and `cluster` are put together from these.
#![forbid(unsafe_code)]

mod admin_api;
pub mod campaigns;
pub mod capacity;
pub mod cluster;
pub mod demo;
pub mod expected;
pub mod follow_up;
pub mod generator;
pub mod installation;
pub mod journal;
pub mod processes;
pub mod providers;
pub mod quizzes;
pub mod reckoning;
pub mod sending;
pub mod sent;
mod table;
pub mod traffic;
