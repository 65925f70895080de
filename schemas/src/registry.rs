//! The schema registry (Confluent's API), and what stands on `schema.id.v1`: which id it gave to
//! which schema, as plain JSON, so that services start without it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry answered that it has no such id.
    #[error("the registry knows no schema with id {0}")]
    UnknownId(u32),
    #[error("the registry refused: {0}")]
    Refused(String),
    #[error("the registry at {url} is away: {detail}")]
    Away { url: String, detail: String },
}

/// A client of one registry. Never used on a hot path.
#[derive(Clone)]
pub struct RegistryClient {
    url: String,
    settings: schema_registry_converter::async_impl::schema_registry::SrSettings,
}

impl RegistryClient {
    /// `url` is the base of Confluent's API, e.g. `http://127.0.0.1:18081/apis/ccompat/v7`.
    pub fn new(url: &str) -> Result<Self, RegistryError> {
        let settings = schema_registry_converter::async_impl::schema_registry::SrSettings::new_builder(url.to_owned())
            .set_timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| RegistryError::Away { url: url.to_owned(), detail: error.to_string() })?;
        Ok(Self { url: url.to_owned(), settings })
    }

    /// Text of the schema behind an id.
    pub async fn schema_by_id(&self, id: u32) -> Result<String, RegistryError> {
        match schema_registry_converter::async_impl::schema_registry::get_schema_by_id(id, &self.settings).await {
            Ok(registered) => Ok(registered.schema),
            Err(error) if error.to_string().contains("40403") => Err(RegistryError::UnknownId(id)),
            Err(error) => Err(RegistryError::Away { url: self.url.clone(), detail: error.to_string() }),
        }
    }
}
