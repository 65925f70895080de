//! Any value as JSON: Avro in the Confluent wire format through its writer's schema, whatever that
//! is, or plain JSON.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Read};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use serde_json::Value;
use vendzz_schemas::codec::split_frame;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::Encoding;

use crate::cluster::StoredRecord;
use crate::schemas::StoredSchemas;

/// A record's value as it can be shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    Tombstone,
    Avro { record: String, schema_id: u32, value: Value },
    Json(Value),
    Undecodable { reason: String },
}

pub(crate) struct ValueReader {
    /// Of the catalogue's topic; `None` for others, whose encoding is guessed record by record.
    encoding: Option<Encoding>,
    stored: StoredSchemas,
    registry: RegistryClient,
    schemas: HashMap<u32, Schema>,
}

impl ValueReader {
    pub(crate) fn new(encoding: Option<Encoding>, stored: StoredSchemas, registry: RegistryClient) -> Self {
        Self { encoding, stored, registry, schemas: HashMap::new() }
    }

    pub(crate) async fn read(&mut self, record: &StoredRecord) -> Shown {
        let Some(bytes) = &record.value else { return Shown::Tombstone };
        let shown = match self.encoding {
            Some(Encoding::Avro(_)) => self.avro(bytes).await,
            Some(Encoding::Json) => json(bytes),
            Some(Encoding::Original) | None if bytes.first() == Some(&0) => self.avro(bytes).await,
            Some(Encoding::Original) | None => json(bytes),
        };
        shown.unwrap_or_else(|reason| Shown::Undecodable { reason })
    }

    async fn avro(&mut self, framed: &[u8]) -> Result<Shown, String> {
        let (schema_id, body) = split_frame(framed).map_err(|error| error.to_string())?;
        if !self.schemas.contains_key(&schema_id) {
            let text = self.text_of(schema_id).await?;
            let schema = Schema::parse_str(&text)
                .map_err(|error| format!("schema {schema_id} is not usable: {error}"))?;
            self.schemas.insert(schema_id, schema);
        }
        let Some(schema) = self.schemas.get(&schema_id) else {
            return Err(format!("schema {schema_id} is not known"));
        };
        let reader = GenericDatumReader::builder(schema).build().map_err(|error| error.to_string())?;
        let mut body = Body(body);
        let value = reader
            .read_value(&mut body)
            .map_err(|error| format!("not decodable with schema {schema_id}: {error}"))?;
        if !body.0.is_empty() {
            return Err(format!("{} bytes left over behind the record of schema {schema_id}", body.0.len()));
        }
        let value = Value::try_from(value).map_err(|error| format!("not showable as JSON: {error}"))?;
        let record = schema.name().map(|name| name.to_string()).unwrap_or_default();
        Ok(Shown::Avro { record, schema_id, value })
    }

    async fn text_of(&self, schema_id: u32) -> Result<String, String> {
        if let Some(text) = self.stored.text_of(schema_id) {
            return Ok(text.to_owned());
        }
        let asked = self.registry.schema_by_id(schema_id).await;
        asked.map_err(|error| format!("schema id {schema_id} does not stand on schema.id.v1, and {error}"))
    }
}

/// The Avro bytes of a record. Their end is an error of its own kind: the library takes a plain end
/// of input within a string, a boolean or a union for null, and would show a record that was cut.
struct Body<'a>(&'a [u8]);

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && !into.is_empty() {
            return Err(io::Error::other("the record ends too early"));
        }
        self.0.read(into)
    }
}

fn json(bytes: &[u8]) -> Result<Shown, String> {
    serde_json::from_slice(bytes).map(Shown::Json).map_err(|error| format!("not JSON: {error}"))
}

/// Text where it is text, otherwise hexadecimal.
pub(crate) fn text_or_hex(bytes: &[u8]) -> String {
    let printable = |text: &&str| !text.chars().any(char::is_control);
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(printable) {
        return text.to_owned();
    }
    let mut hex = String::from("0x");
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use vendzz_schemas::codec::Encoder;
    use vendzz_schemas::events::{AvroEvent, Epoch, TopicEpochs};
    use vendzz_schemas::registry::SchemaId;
    use vendzz_schemas::topics::{CATALOGUE, SCHEMA_ID, TOPIC_EPOCH};

    use super::*;

    /// Nothing listens there: port 9 is "discard".
    fn reader(topic: &str) -> ValueReader {
        let mut stored = StoredSchemas::default();
        let schema = SchemaId { id: 7, subject: "s".into(), version: 1, schema: TopicEpochs::SCHEMA.into() };
        stored.insert(&schema).unwrap();
        let encoding = CATALOGUE.iter().find(|spec| spec.name == topic).map(|spec| spec.encoding);
        ValueReader::new(encoding, stored, RegistryClient::new("http://127.0.0.1:9").unwrap())
    }

    fn record(value: Option<&[u8]>) -> StoredRecord {
        StoredRecord {
            partition: 0,
            offset: 0,
            append_ms: None,
            key: None,
            value: value.map(<[u8]>::to_vec),
            headers: vec![],
        }
    }

    fn framed(schema_id: u32) -> Vec<u8> {
        let epochs = vec![Epoch { number: 0, begins_at: 0, partitions: 6, salt: 2 }];
        let event = TopicEpochs { topic: "t".into(), incarnation: "i".into(), epochs };
        Encoder::new(schema_id).unwrap().encode(&event).unwrap()
    }

    fn reason(shown: Shown) -> String {
        match shown {
            Shown::Undecodable { reason } => reason,
            other => panic!("{other:?} was decoded"),
        }
    }

    #[tokio::test]
    async fn avro_is_shown_with_its_type_and_json_as_it_is() {
        for topic in [TOPIC_EPOCH, "a topic of others"] {
            let shown = reader(topic).read(&record(Some(&framed(7)))).await;
            let Shown::Avro { record, schema_id, value } = shown else { panic!("{shown:?}") };
            assert_eq!((record.as_str(), schema_id), ("com.vendzz.TopicEpochs", 7));
            assert_eq!(value["epochs"][0]["partitions"], 6);
        }
        let shown = reader(SCHEMA_ID).read(&record(Some(br#"{"id": 1}"#))).await;
        assert_eq!(shown, Shown::Json(serde_json::json!({"id": 1})));
        assert_eq!(reader(SCHEMA_ID).read(&record(None)).await, Shown::Tombstone);
    }

    #[tokio::test]
    async fn what_cannot_be_decoded_says_why() {
        let mut reader = reader(TOPIC_EPOCH);
        let whole = framed(7);
        for length in 5..whole.len() {
            let cut = reason(reader.read(&record(Some(&whole[..length]))).await);
            assert!(cut.contains("not decodable with schema 7"), "{length}: {cut}");
        }
        let long = reader.read(&record(Some(&[whole.as_slice(), &[0, 0]].concat()))).await;
        assert!(reason(long).contains("2 bytes left over"));
        assert!(reason(reader.read(&record(Some(b"{}"))).await).contains("Confluent wire format"));
        let unknown = reason(reader.read(&record(Some(&framed(8)))).await);
        assert!(
            unknown.contains("schema id 8 does not stand on schema.id.v1") && unknown.contains("away"),
            "{unknown}"
        );
    }

    #[test]
    fn keys_are_text_where_they_can_be() {
        assert_eq!(text_or_hex("quiz/ação".as_bytes()), "quiz/ação");
        assert_eq!(text_or_hex(&[0xff, 0]), "0xff00");
        assert_eq!(text_or_hex(b"a\nb"), "0x610a62");
    }
}
