//! The schema registry (Confluent's API), and what stands on `schema.id.v1`: which id it gave to
//! which schema, as plain JSON, so that services start without it.

mod client;
mod compatibility;

use serde::{Deserialize, Serialize};

pub use client::{FULL_TRANSITIVE, Registered, RegistryClient, Verdict};
pub use compatibility::why_incompatible;

/// One registered schema. Key of the record: `subject/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaId {
    pub id: u32,
    pub subject: String,
    pub version: u32,
    /// The schema's JSON text, as it stands in our `.avsc` file.
    pub schema: String,
}

impl SchemaId {
    pub fn key(&self) -> String {
        format!("{}/{}", self.subject, self.version)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The registry answered that it has no such id.
    #[error("the registry knows no schema with id {0}")]
    UnknownId(u32),
    #[error("the registry refused: {0}")]
    Refused(String),
    #[error("the registry at {url} is away: {detail}")]
    Away { url: String, detail: String },
    /// It answered with an error of its own (5xx).
    #[error("the registry at {url} failed: {detail}")]
    Failed { url: String, detail: String },
}
