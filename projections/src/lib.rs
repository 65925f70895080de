//! The projections: PostgreSQL's state and the CQL store's analytics, both folds of the log.
#![forbid(unsafe_code)]

pub mod analytics;
pub mod state;
