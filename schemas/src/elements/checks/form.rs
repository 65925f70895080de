//! What an answer may be at all, whatever a version of its quiz asks for: its JSON type, its size, no U+0000.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::elements::Refusal;

/// The longest text that any answer may hold.
pub const MAX_TEXT_CHARS: usize = 10_000;
/// The same in bytes of UTF-8.
pub const MAX_TEXT_BYTES: usize = 20_000;
/// The longest text inside a list or a map.
pub const MAX_ENTRY_CHARS: usize = 500;
/// The same in bytes of UTF-8.
pub const MAX_ENTRY_BYTES: usize = 1_000;
/// The most entries in a list or a map.
pub const MAX_ENTRIES: usize = 200;
/// The longest key in a map; ids are no longer than this.
pub const MAX_KEY_BYTES: usize = 64;

pub fn text(value: &Value) -> Result<&str, Refusal> {
    let Value::String(text) = value else { return Err(wrong_type("a text")) };
    bounded(text, MAX_TEXT_CHARS, MAX_TEXT_BYTES)
}

pub fn boolean(value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or_else(|| wrong_type("true or false"))
}

pub fn number(value: &Value) -> Result<f64, Refusal> {
    value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| wrong_type("a number"))
}

/// A whole number; 5.0 is one, as some clients write it so.
pub fn whole(value: &Value) -> Result<i64, Refusal> {
    if let Some(number) = value.as_i64() {
        return Ok(number);
    }
    const EXACT_IN_F64: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() <= EXACT_IN_F64 => Ok(number as i64),
        _ => Err(wrong_type("a whole number")),
    }
}

pub fn list_of_text(value: &Value) -> Result<Vec<String>, Refusal> {
    let Value::Array(items) = value else { return Err(wrong_type("a list of texts")) };
    if items.len() > MAX_ENTRIES {
        return Err(too_many_entries());
    }
    items.iter().map(|item| entry(item).map(str::to_owned)).collect()
}

pub fn map_of_text(value: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    let object = object(value)?;
    let mut map = BTreeMap::new();
    for (key, value) in object {
        bounded(key, MAX_KEY_BYTES, MAX_KEY_BYTES)?;
        map.insert(key.clone(), entry(value)?.to_owned());
    }
    Ok(map)
}

pub fn wrong_type(expected: &str) -> Refusal {
    Refusal::new("wrong_type", format!("expected {expected}"))
}

fn object(value: &Value) -> Result<&Map<String, Value>, Refusal> {
    match value {
        Value::Object(object) if object.len() > MAX_ENTRIES => Err(too_many_entries()),
        Value::Object(object) => Ok(object),
        _ => Err(wrong_type("an object of texts")),
    }
}

fn entry(value: &Value) -> Result<&str, Refusal> {
    let Value::String(text) = value else { return Err(wrong_type("texts inside")) };
    bounded(text, MAX_ENTRY_CHARS, MAX_ENTRY_BYTES)
}

fn bounded(text: &str, max_chars: usize, max_bytes: usize) -> Result<&str, Refusal> {
    if text.len() > max_bytes || has_more_chars(text, max_chars) {
        let detail = format!("longer than {max_chars} characters or {max_bytes} bytes");
        return Err(Refusal::new("too_large", detail));
    }
    if text.as_bytes().contains(&0) {
        return Err(Refusal::new("null_character", "U+0000 is not accepted"));
    }
    Ok(text)
}

fn too_many_entries() -> Refusal {
    Refusal::new("too_large", format!("more than {MAX_ENTRIES} entries"))
}

/// Counts characters only when the bytes leave a doubt.
pub fn has_more_chars(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().count() > limit
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
        result.expect_err("refused").code
    }

    #[test]
    fn sizes_are_bounded_in_characters_and_in_bytes() {
        assert!(text(&json!("a".repeat(10_000))).is_ok());
        assert_eq!(code(text(&json!("a".repeat(10_001)))), "too_large");
        assert!(text(&json!("é".repeat(10_000))).is_ok());
        assert_eq!(code(text(&json!("€".repeat(9_999)))), "too_large");
        assert_eq!(code(list_of_text(&json!(vec!["a"; 201]))), "too_large");
        assert_eq!(code(list_of_text(&json!(["a".repeat(501)]))), "too_large");
        assert_eq!(code(map_of_text(&json!({ "k".repeat(65): "a" }))), "too_large");
        assert_eq!(code(map_of_text(&json!({ "k": "a".repeat(501) }))), "too_large");
    }

    #[test]
    fn u0000_is_refused_everywhere() {
        assert_eq!(code(text(&json!("a\0"))), "null_character");
        assert_eq!(code(list_of_text(&json!(["a", "\0"]))), "null_character");
        assert_eq!(code(map_of_text(&json!({"k": "\0"}))), "null_character");
        assert_eq!(code(map_of_text(&json!({"k\0": "a"}))), "null_character");
    }

    #[test]
    fn types_are_not_guessed() {
        assert_eq!(code(text(&json!(5))), "wrong_type");
        assert_eq!(code(number(&json!("5"))), "wrong_type");
        assert_eq!(code(whole(&json!(5.5))), "wrong_type");
        assert_eq!(code(whole(&json!(1e300))), "wrong_type");
        assert_eq!(code(boolean(&json!(1))), "wrong_type");
        assert_eq!(code(list_of_text(&json!("a"))), "wrong_type");
        assert_eq!(code(list_of_text(&json!([1]))), "wrong_type");
        assert_eq!(code(map_of_text(&json!({"k": {}}))), "wrong_type");
        assert_eq!(whole(&json!(5.0)), Ok(5));
        assert_eq!(number(&json!(5)), Ok(5.0));
    }
}
