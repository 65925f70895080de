//! Takes due rows of the ledger under a lease and speaks to providers.
//!
//! ```text
//! ledger ──lease──> checks (policy) ──admit──> sending ──call──> provider ──outcome──> ledger ──events──> log
//! ```

mod admission;
mod breaker;
mod bucket;
mod calls;
mod completion;
mod config;
mod events;
mod gates;
mod judging;
#[cfg(test)]
mod judging_tests;
mod outcomes;
mod pools;
mod program;
mod publish;
mod retry;
mod run;
mod settle;
mod sweep;
mod work;

pub use admission::admit_or_give_back;
pub use breaker::{Admission, Breaker, BreakerSettings, BreakerState, CallSign, Permit};
pub use bucket::{Bucket, Rate, RateError};
pub use config::{DRAIN, SenderConfig, group_of, in_flight_of};
pub use program::program;
pub use retry::RetryPolicy;
pub use run::run;

/// Where `VENDZZ_CRASH_AT` may end the process, besides intake's points.
pub const CRASH_POINTS: &[&str] = &[
    "sender.after_lease",
    "sender.before_sending_commit",
    "sender.after_sending",
    "sender.after_answer",
    "sender.before_outcome_commit",
    "sender.before_publish",
    "sender.after_publish",
];
