//! What the edge writes: submissions and views through two producers, and the day's address key.

mod address_keys;
mod event_log;

pub use address_keys::{AddressKeys, DayKey, keep_keys};
pub use event_log::{AppendError, EventLog};
