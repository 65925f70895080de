//! Decoding with schemas learnt on the way: from `schema.id.v1`, else once from the registry.

use std::time::Duration;

use vendzz_schemas::codec::{CodecError, Decoder};
use vendzz_schemas::events::AvroEvent;
use vendzz_schemas::registry::{RegistryClient, RegistryError};

use crate::tables::SchemaIds;

#[derive(Debug, thiserror::Error)]
pub enum DecodeFailure {
    /// The record can never be read: a dead letter. The word is a bounded label.
    #[error("{detail}")]
    Never { reason: &'static str, detail: String },
    /// The registry is needed and away: the partition waits.
    #[error("{0}")]
    NotNow(String),
}

/// Decodes one event type and learns unknown schema ids.
pub struct EventReader<E> {
    decoder: Decoder<E>,
    schema_ids: SchemaIds,
    registry: RegistryClient,
}

impl<E: AvroEvent> EventReader<E> {
    pub fn new(schema_ids: SchemaIds, registry: RegistryClient) -> Self {
        Self { decoder: Decoder::default(), schema_ids, registry }
    }

    /// Reads one framed record. The registry is asked only for an id that `schema.id.v1` lacks.
    pub async fn read(&mut self, framed: &[u8]) -> Result<E, DecodeFailure> {
        let unknown = match self.decoder.decode(framed) {
            Err(CodecError::UnknownSchema(id)) => id,
            outcome => return outcome.map_err(never),
        };
        let text = match self.schema_ids.get(unknown) {
            Some(schema) => schema.schema,
            None => self.ask_registry(unknown).await?,
        };
        self.decoder.learn(unknown, &text).map_err(never)?;
        self.decoder.decode(framed).map_err(never)
    }

    async fn ask_registry(&self, id: u32) -> Result<String, DecodeFailure> {
        match tokio::time::timeout(Duration::from_secs(5), self.registry.schema_by_id(id)).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(RegistryError::UnknownId(_))) => Err(DecodeFailure::Never {
                reason: "unknown_schema",
                detail: format!("schema id {id} is known neither on schema.id.v1 nor to the registry"),
            }),
            Ok(Err(error)) => Err(DecodeFailure::NotNow(format!(
                "schema id {id} is unknown and the registry is away: {error}"
            ))),
            Err(_) => Err(DecodeFailure::NotNow(format!(
                "schema id {id} is unknown and the registry does not answer"
            ))),
        }
    }
}

fn never(error: CodecError) -> DecodeFailure {
    let reason = match &error {
        CodecError::BadFrame(_) => "bad_frame",
        CodecError::WrongType { .. } => "wrong_type",
        CodecError::BadSchema { .. } => "bad_schema",
        _ => "undecodable",
    };
    DecodeFailure::Never { reason, detail: error.to_string() }
}
