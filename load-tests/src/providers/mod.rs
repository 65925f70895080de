//! A provider simulator: one HTTP server that speaks as Twilio (messages and calls) and as Meta (WhatsApp) do, by
//! their own documents, keeps a journal of what it accepted, misbehaves when told to, and reports what became of
//! each message to webhooks on this machine.
//!
//! ```text
//! POST /2010-04-01/Accounts/{sid}/Messages.json   Twilio, an SMS
//! POST /2010-04-01/Accounts/{sid}/Calls.json      Twilio, a call
//! POST /v23.0/{phone_number_id}/messages          Meta, a WhatsApp message
//! GET  /journal/summary                           accepted, by provider and channel, duplicates, answers by status
//! GET  /journal/accepted?provider=twilio          ids of accepted messages, one a line
//! GET  /reports/summary                           reports sent, acknowledged, waiting
//! GET, PUT /faults                                how it misbehaves, see [`Faults`]
//! ```
//!
//! What is accepted is written to the journal, in one write, before anything is answered: whatever a client was told
//! 2xx stands there, whenever the simulator is killed. Our id of a message is the parameter `message` of Twilio's
//! StatusCallback URL, and Meta's `biz_opaque_callback_data`. A second acceptance of an id is answered as the
//! first (the real providers know nothing of our ids) and is kept as a violation.
//!
//! Reports that a killed simulator still had to send are lost, as is what it was told of faults; the journal's index is
//! read back.

mod acceptance;
mod accepted;
mod connection;
mod credentials;
mod faults;
mod meta;
mod reports;
mod requests;
mod routes;
mod server;
mod twilio;

pub use accepted::{AcceptedLine, AcceptedSummary, Channel, Provider, hash_of_recipient};
pub use credentials::Credentials;
pub use faults::{FaultRule, Faults, ReportFaults};
pub use reports::{ReportSummary, hub_signature, twilio_signature};
pub use server::{Simulator, SimulatorSettings};
