//! Confluent wire format: a zero byte, the schema's id as four bytes big-endian, then Avro binary.
//! Encoding and decoding go straight between structs and bytes, never through `Value`
//! (several times faster, see `schemas/benches/codec.rs`).

use std::collections::HashMap;
use std::marker::PhantomData;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;

use crate::events::AvroEvent;

const MAGIC: u8 = 0;
const HEADER_BYTES: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    #[error("the schema text of {name} is not a usable Avro schema: {source}")]
    BadSchema { name: String, source: Box<apache_avro::Error> },
    #[error("not in the Confluent wire format: {0}")]
    BadFrame(&'static str),
    /// The id must be looked up ([`Decoder::learn`]) before the record can be judged.
    #[error("schema id {0} is not known here")]
    UnknownSchema(u32),
    #[error("a record of type {found} where {expected} belongs")]
    WrongType { expected: &'static str, found: String },
    #[error("not decodable: {0}")]
    Undecodable(Box<apache_avro::Error>),
    #[error("{0} bytes left over behind the record")]
    TrailingBytes(usize),
    #[error("not encodable: {0}")]
    Unencodable(Box<apache_avro::Error>),
}

/// Encodes one event type under one registered id.
pub struct Encoder<E> {
    header: [u8; HEADER_BYTES],
    writer: GenericDatumWriter<'static>,
    event: PhantomData<fn(E)>,
}

impl<E: AvroEvent> Encoder<E> {
    pub fn new(schema_id: u32) -> Result<Self, CodecError> {
        let schema = parse_for_ever(E::FULL_NAME, E::SCHEMA)?;
        let writer = GenericDatumWriter::builder(schema)
            .human_readable(false)
            .build()
            .map_err(|source| bad_schema(E::FULL_NAME, source))?;
        let mut header = [MAGIC; HEADER_BYTES];
        header[1..].copy_from_slice(&schema_id.to_be_bytes());
        Ok(Self { header, writer, event: PhantomData })
    }

    /// The framed bytes of `event`.
    pub fn encode(&self, event: &E) -> Result<Vec<u8>, CodecError> {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(&self.header);
        self.writer.write_ser(&mut bytes, event).map_err(|error| CodecError::Unencodable(Box::new(error)))?;
        Ok(bytes)
    }
}

/// Decodes one event type, whichever registered version of it wrote the record. Fields that a
/// newer version added are skipped; fields that an older one lacks take their serde default.
pub struct Decoder<E> {
    writers: HashMap<u32, Writer>,
    event: PhantomData<fn() -> E>,
}

enum Writer {
    Right(GenericDatumReader<'static>),
    WrongType(String),
}

impl<E: AvroEvent> Default for Decoder<E> {
    fn default() -> Self {
        Self { writers: HashMap::new(), event: PhantomData }
    }
}

impl<E: AvroEvent> Decoder<E> {
    /// Makes the schema behind an id known. A schema of another record type is remembered as such.
    pub fn learn(&mut self, schema_id: u32, schema_text: &str) -> Result<(), CodecError> {
        if self.writers.contains_key(&schema_id) {
            return Ok(());
        }
        let schema = parse_for_ever(E::FULL_NAME, schema_text)?;
        let found = schema.name().map(|name| name.to_string()).unwrap_or_default();
        let writer = if found == E::FULL_NAME {
            let reader = GenericDatumReader::builder(schema)
                .human_readable(false)
                .build()
                .map_err(|source| bad_schema(E::FULL_NAME, source))?;
            Writer::Right(reader)
        } else {
            Writer::WrongType(found)
        };
        self.writers.insert(schema_id, writer);
        Ok(())
    }

    /// Whether [`Decoder::learn`] was told of this id.
    pub fn knows(&self, schema_id: u32) -> bool {
        self.writers.contains_key(&schema_id)
    }

    /// Reads one framed record.
    pub fn decode(&self, framed: &[u8]) -> Result<E, CodecError> {
        let (schema_id, mut body) = split_frame(framed)?;
        match self.writers.get(&schema_id) {
            None => Err(CodecError::UnknownSchema(schema_id)),
            Some(Writer::WrongType(found)) => {
                Err(CodecError::WrongType { expected: E::FULL_NAME, found: found.clone() })
            }
            Some(Writer::Right(reader)) => {
                let event = reader
                    .read_deser::<E>(&mut body)
                    .map_err(|error| CodecError::Undecodable(Box::new(error)))?;
                if !body.is_empty() {
                    return Err(CodecError::TrailingBytes(body.len()));
                }
                Ok(event)
            }
        }
    }
}

/// The schema id and the Avro bytes of a framed record.
pub fn split_frame(framed: &[u8]) -> Result<(u32, &[u8]), CodecError> {
    let Some((header, body)) = framed.split_first_chunk::<HEADER_BYTES>() else {
        return Err(CodecError::BadFrame("shorter than its header of 5 bytes"));
    };
    let [magic, id @ ..] = header;
    if *magic != MAGIC {
        return Err(CodecError::BadFrame("the first byte is not 0"));
    }
    Ok((u32::from_be_bytes(*id), body))
}

/// Readers and writers borrow their schema. There is one of each for a registered id, kept until
/// the process ends, so the schema is leaked rather than carried in a self-referential struct.
fn parse_for_ever(name: &str, text: &str) -> Result<&'static Schema, CodecError> {
    let schema = Schema::parse_str(text).map_err(|source| bad_schema(name, source))?;
    Ok(Box::leak(Box::new(schema)))
}

fn bad_schema(name: &str, source: apache_avro::Error) -> CodecError {
    CodecError::BadSchema { name: name.to_owned(), source: Box::new(source) }
}
