use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// One answer. A closed union for ever: boolean, long, double, string, array of string, map of
/// string; a new element type chooses among these.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnswerValue {
    Bool(bool),
    Long(i64),
    Double(f64),
    Text(String),
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}

/// By hand: serde's own reading of an untagged enum keeps a copy of the value and tries one variant after
/// the other, with an error text for each that does not fit. That was most of what a submission's decoding cost.
impl<'de> Deserialize<'de> for AnswerValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnswerVisitor)
    }
}

struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = AnswerValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a boolean, a number, a text, a list of texts or a map of texts")
    }

    fn visit_bool<E>(self, value: bool) -> Result<AnswerValue, E> {
        Ok(AnswerValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<AnswerValue, E> {
        Ok(AnswerValue::Long(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<AnswerValue, E> {
        i64::try_from(value)
            .map(AnswerValue::Long)
            .map_err(|_| E::custom("an integer beyond 64 bits, signed"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<AnswerValue, E> {
        Ok(AnswerValue::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<AnswerValue, E> {
        Ok(AnswerValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<AnswerValue, E> {
        Ok(AnswerValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<AnswerValue, A::Error> {
        let mut texts = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(64));
        while let Some(text) = sequence.next_element()? {
            texts.push(text);
        }
        Ok(AnswerValue::List(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<AnswerValue, A::Error> {
        let mut texts = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            texts.insert(key, value);
        }
        Ok(AnswerValue::Map(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<AnswerValue, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn each_variant_is_read_from_its_own_form() {
        for value in [
            AnswerValue::Bool(true),
            AnswerValue::Long(i64::MIN),
            AnswerValue::Double(0.5),
            AnswerValue::Text("1".to_owned()),
            AnswerValue::List(vec!["a".to_owned(), String::new()]),
            AnswerValue::Map(BTreeMap::from([("a".to_owned(), "b".to_owned())])),
        ] {
            assert_eq!(read(&serde_json::to_string(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn what_the_union_does_not_hold_is_refused() {
        for json in ["null", "[1]", "[[\"a\"]]", r#"{"a":1}"#, r#"{"a":null}"#, "9223372036854775808"] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
