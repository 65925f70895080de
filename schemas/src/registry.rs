//! What stands on `schema.id.v1`: which id the registry gave to which schema, as plain JSON, so
//! that services start without the registry.

use serde::{Deserialize, Serialize};

/// One registered schema. Key of the record: `subject/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaId {
    pub id: u32,
    pub subject: String,
    pub version: u32,
    /// The schema's JSON text.
    pub schema: String,
}

impl SchemaId {
    pub fn key(&self) -> String {
        format!("{}/{}", self.subject, self.version)
    }
}
