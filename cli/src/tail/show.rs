use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde_json::Value;

use super::decode::{Shown, text_or_hex};
use crate::cluster::StoredRecord;
use crate::output;

/// Bytes of an undecodable value that are shown to a person.
const PREVIEW: usize = 64;

#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    append_ms: Option<i64>,
    key: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, String>,
    /// Full name of the Avro record.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    record_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_id: Option<u32>,
    /// `null` for a tombstone, and for what cannot be decoded.
    value: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undecodable: Option<&'a str>,
    /// The bytes of what cannot be decoded: text, or hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
}

pub(crate) fn record(topic: &str, record: &StoredRecord, shown: &Shown, json: bool) -> anyhow::Result<()> {
    let line = line_of(topic, record, shown);
    if json { output::json_line(&line) } else { Ok(output::line(for_people(&line, shown))?) }
}

fn line_of<'a>(topic: &'a str, record: &'a StoredRecord, shown: &'a Shown) -> Line<'a> {
    let headers = record.headers.iter().map(|(name, value)| (name.as_str(), text_or_hex(value))).collect();
    let mut line = Line {
        topic,
        partition: record.partition,
        offset: record.offset,
        append_ms: record.append_ms,
        key: record.key.as_deref().map(text_or_hex),
        headers,
        record_type: None,
        schema_id: None,
        value: None,
        undecodable: None,
        bytes: None,
    };
    match shown {
        Shown::Tombstone => {}
        Shown::Json(value) => line.value = Some(value),
        Shown::Avro { record, schema_id, value } => {
            line.record_type = Some(record);
            line.schema_id = Some(*schema_id);
            line.value = Some(value);
        }
        Shown::Undecodable { reason } => {
            line.undecodable = Some(reason);
            line.bytes = record.value.as_deref().map(text_or_hex);
        }
    }
    line
}

/// `topic/partition@offset  append time  key  value`.
fn for_people(line: &Line<'_>, shown: &Shown) -> String {
    let time = line.append_ms.and_then(DateTime::from_timestamp_millis);
    let time = time.map_or("-".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
    let value = match shown {
        Shown::Tombstone => "(tombstone)".to_owned(),
        Shown::Json(value) | Shown::Avro { value, .. } => value.to_string(),
        Shown::Undecodable { reason } => {
            let bytes: String = line.bytes.iter().flat_map(|bytes| bytes.chars()).take(PREVIEW).collect();
            format!("(undecodable: {reason}) {bytes}")
        }
    };
    let key = line.key.as_deref().unwrap_or("-");
    let mut text = format!("{}/{}@{}  {time}  {key}  {value}", line.topic, line.partition, line.offset);
    for (name, value) in &line.headers {
        text.push_str(&format!("\n    {name}: {value}"));
    }
    text
}
