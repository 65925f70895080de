//! Consent and suppression by account, channel and contact, with an audit trail.
//!
//! A contact is written in one way only ([`Contact`]), so that what a person typed, what a provider reports and
//! what a campaign found are the same row. Every change stands beside its audit entry in one transaction.

mod bulk;
mod contact;
mod csv_file;
mod listed;
mod rows;
mod schema;
mod store;

pub use bulk::Written;
pub use contact::{Contact, ContactError};
pub use csv_file::{BadLine, CsvError, CsvImport, CsvKind, GoodLine, export, read_lines};
pub use listed::Listed;
pub use rows::{
    AuditEntry, Consent, ConsentKey, ConsentState, Filter, Key, Reason, SourceError, Suppression,
    check_source,
};
pub use schema::{SCHEMA, prepare};
pub use store::{Actor, ActorError, Permissions};
