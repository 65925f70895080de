//! The providers' documented protocols, and what each of their answers means.

mod http;
mod meaning;
mod meta;
mod outcome;
mod provider;
#[cfg(test)]
mod samples;
pub mod settings;
mod smtp;
mod troubles;
mod twilio;

pub use outcome::{NotTaken, NotTakenKind, Outcome, Outgoing};
pub use provider::{CALL_TIMEOUT, Provider, ProviderError};
pub use settings::{Account, ProviderSettings, Sender, Senders, SendersError};
