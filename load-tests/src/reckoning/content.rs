use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

/// What a response says, as both the log and PostgreSQL hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseContent {
    pub version: i64,
    pub answers: Value,
    pub hidden: Value,
    /// Without what is empty.
    pub utm: Value,
    pub device: String,
    pub country: String,
    pub bot_verdict: String,
}

impl ResponseContent {
    /// A fingerprint by which equal contents are equal, within this process.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.version.hash(&mut hasher);
        for value in [&self.answers, &self.hidden, &self.utm] {
            hash_json(value, &mut hasher);
        }
        for text in [&self.device, &self.country, &self.bot_verdict] {
            text.hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// `utm` without its empty members.
pub(super) fn without_empty(members: BTreeMap<String, String>) -> Value {
    let filled = members.into_iter().filter(|(_, value)| !value.is_empty());
    Value::Object(filled.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>())
}

/// 70 and 70.0 are one number: PostgreSQL keeps numbers as decimals.
fn hash_json(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(flag) => (1_u8, flag).hash(hasher),
        Value::Number(number) => (2_u8, number.as_f64().unwrap_or(f64::NAN).to_bits()).hash(hasher),
        Value::String(text) => (3_u8, text).hash(hasher),
        Value::Array(items) => {
            (4_u8, items.len()).hash(hasher);
            items.iter().for_each(|item| hash_json(item, hasher));
        }
        // The keys of a `Map` stand in order.
        Value::Object(members) => {
            (5_u8, members.len()).hash(hasher);
            for (name, member) in members {
                name.hash(hasher);
                hash_json(member, hasher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content(answers: Value) -> ResponseContent {
        ResponseContent {
            version: 1,
            answers,
            hidden: json!({}),
            utm: json!({}),
            device: "mobile".to_owned(),
            country: "BR".to_owned(),
            bot_verdict: "human".to_owned(),
        }
    }

    #[test]
    fn equal_contents_have_equal_fingerprints_and_others_do_not() {
        let one = content(json!({ "peso": 70, "nome": "Ana" })).fingerprint();
        assert_eq!(one, content(json!({ "nome": "Ana", "peso": 70.0 })).fingerprint());
        for other in [
            json!({ "peso": 71, "nome": "Ana" }),
            json!({ "peso": "70", "nome": "Ana" }),
            json!({ "peso": 70 }),
        ] {
            assert_ne!(one, content(other).fingerprint());
        }
    }
}
