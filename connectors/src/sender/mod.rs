//! Takes due rows of the ledger under a lease and speaks to providers.

mod breaker;
mod bucket;
mod retry;

pub use breaker::{Admission, Breaker, BreakerSettings, BreakerState, CallSign, Permit};
pub use bucket::{Bucket, Rate, RateError};
pub use retry::{Retry, RetryPolicy};
