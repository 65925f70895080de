//! Decoding by the registry's schemas, through Avro's generic values.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as AvroValue;
use serde::Deserialize;
use serde_json::Value;

/// Confluent's wire format: a zero byte and the schema's id, big-endian, before the Avro bytes.
const HEADER_BYTES: usize = 5;

/// Reads framed records of any type.
pub(super) struct ValueReader {
    registry_url: String,
    http: reqwest::Client,
    readers: HashMap<u32, GenericDatumReader<'static>>,
}

/// The fields of a record by name.
pub(crate) struct Fields(HashMap<String, AvroValue>);

#[derive(Deserialize)]
struct RegisteredSchema {
    schema: String,
}

impl ValueReader {
    pub(super) fn new(registry_url: &str) -> Self {
        Self { registry_url: registry_url.to_owned(), http: reqwest::Client::new(), readers: HashMap::new() }
    }

    pub(super) async fn read(&mut self, framed: &[u8]) -> anyhow::Result<Fields> {
        let (header, mut body) = framed.split_at_checked(HEADER_BYTES).context("shorter than its header")?;
        anyhow::ensure!(header[0] == 0, "the first byte is not 0");
        let id = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
        if !self.readers.contains_key(&id) {
            let reader = self.ask_registry(id).await.with_context(|| format!("schema {id}"))?;
            self.readers.insert(id, reader);
        }
        let reader = self.readers.get(&id).context("inserted above")?;
        let value = reader.read_value(&mut body)?;
        anyhow::ensure!(body.is_empty(), "{} bytes left over", body.len());
        let AvroValue::Record(fields) = value else { anyhow::bail!("is not a record") };
        Ok(Fields(fields.into_iter().collect()))
    }

    async fn ask_registry(&self, id: u32) -> anyhow::Result<GenericDatumReader<'static>> {
        let url = format!("{}/schemas/ids/{id}", self.registry_url);
        let registered: RegisteredSchema =
            self.http.get(&url).send().await?.error_for_status()?.json().await?;
        // A reader borrows its schema; there are a handful of them in the life of a process.
        let schema: &'static Schema = Box::leak(Box::new(Schema::parse_str(&registered.schema)?));
        Ok(GenericDatumReader::builder(schema).human_readable(false).build()?)
    }
}

impl Fields {
    pub(super) fn text(&self, name: &str) -> anyhow::Result<&str> {
        match self.plain(name)? {
            AvroValue::String(text) => Ok(text),
            _ => anyhow::bail!("{name} is not a string"),
        }
    }

    pub(super) fn long(&self, name: &str) -> anyhow::Result<i64> {
        match self.plain(name)? {
            AvroValue::Long(number) => Ok(*number),
            AvroValue::Int(number) => Ok(i64::from(*number)),
            _ => anyhow::bail!("{name} is not a number"),
        }
    }

    /// The whole record as JSON; a number that is none is null.
    pub(crate) fn to_value(&self) -> anyhow::Result<Value> {
        let members = self.0.iter().map(|(name, field)| Ok((name.clone(), to_json(field)?)));
        Ok(Value::Object(members.collect::<anyhow::Result<_>>()?))
    }

    /// The field as JSON.
    pub(super) fn json(&self, name: &str) -> anyhow::Result<Value> {
        to_json(self.plain(name)?).with_context(|| name.to_owned())
    }

    /// A record or map whose values are strings.
    pub(super) fn texts(&self, name: &str) -> anyhow::Result<BTreeMap<String, String>> {
        let members = match self.plain(name)? {
            AvroValue::Record(fields) => fields.clone(),
            AvroValue::Map(entries) => entries.clone().into_iter().collect(),
            _ => anyhow::bail!("{name} is neither a record nor a map"),
        };
        members
            .into_iter()
            .map(|(member, value)| match value {
                AvroValue::String(text) => Ok((member, text)),
                _ => anyhow::bail!("{name}.{member} is not a string"),
            })
            .collect()
    }

    fn plain(&self, name: &str) -> anyhow::Result<&AvroValue> {
        let value = self.0.get(name).with_context(|| format!("has no field {name}"))?;
        Ok(inside_union(value))
    }
}

fn inside_union(value: &AvroValue) -> &AvroValue {
    match value {
        AvroValue::Union(_, inside) => inside_union(inside),
        other => other,
    }
}

fn to_json(value: &AvroValue) -> anyhow::Result<Value> {
    Ok(match inside_union(value) {
        AvroValue::Null => Value::Null,
        AvroValue::Boolean(flag) => Value::from(*flag),
        AvroValue::Int(number) => Value::from(*number),
        AvroValue::Long(number) => Value::from(*number),
        AvroValue::Float(number) => Value::from(*number),
        AvroValue::Double(number) => Value::from(*number),
        AvroValue::String(text) => Value::from(text.as_str()),
        AvroValue::Array(items) => Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        AvroValue::Map(entries) => {
            let members = entries.iter().map(|(name, entry)| Ok((name.clone(), to_json(entry)?)));
            Value::Object(members.collect::<anyhow::Result<_>>()?)
        }
        AvroValue::Record(fields) => {
            let members = fields.iter().map(|(name, field)| Ok((name.clone(), to_json(field)?)));
            Value::Object(members.collect::<anyhow::Result<_>>()?)
        }
        _ => anyhow::bail!("a value of a kind that no event has"),
    })
}
