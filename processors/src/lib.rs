//! Stateless stream processors: fan-out turns responses into leads and messages, abandonment tells who left.
#![forbid(unsafe_code)]

pub mod abandonment;
pub mod fanout;
pub mod leads;
