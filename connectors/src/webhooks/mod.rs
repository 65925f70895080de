//! What providers and recipients tell: delivery reports, inbound messages, unsubscribing. Beside it, on a
//! listener of its own, the API of consent and suppression.
//!
//! ```text
//! provider ──POST, signed──> twilio | meta ──Report──> report_store ──> message_ledger, delivery_events, campaign_tallies
//!                                         └─Inbound─> opt_out ──> suppressions, permission_audit, inbound_messages
//! recipient ──POST, HMAC in the link──> unsubscribe ──> suppressions, permission_audit
//! ```
//!
//! What is answered: 200 once everything is committed, also where there was nothing to do (a report of a message
//! that nobody knows, an unknown status, a repetition), so that no provider repeats it for ever; 401 for
//! whatever is not signed by the provider that the path names, the same for an account or provider that does
//! not exist; 503 while PostgreSQL is away.

mod body;
mod config;
mod events;
mod meta;
mod opt_out;
mod page;
mod permissions_api;
mod public_url;
mod refusals;
mod report;
mod report_store;
mod routes;
mod run;
mod secret_file;
mod secrets;
mod twilio;
mod unsubscribe;

pub use config::WebhooksConfig;
pub use meta::signature as meta_signature;
pub use opt_out::is_opt_out;
pub use public_url::{PublicUrl, PublicUrlError};
pub use report::{RankedReport, Report, Standing, standing_after};
pub use report_store::{Applied, ReportStore};
pub use run::run;
pub use secrets::{ProviderSecret, secret_of};
pub use twilio::signature as twilio_signature;
pub use unsubscribe::{UnsubscribeKey, unsubscribe_url};
