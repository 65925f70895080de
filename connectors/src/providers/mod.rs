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
mod twilio;

pub use outcome::{NotTaken, Outcome, Outgoing};
pub use provider::{CALL_TIMEOUT, Provider, ProviderError};
pub use settings::{Account, ProviderSettings, Sender, Senders, SendersError};
pub use twilio::CALLBACK_RETRIES;
