//! A strict reader of JSON that strangers send.
//!
//! `serde_json` alone keeps the last of two equal keys without a word, allows 128 levels and turns an
//! integer that is too large into a float. Here each of these is an error that says where it happened.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Arrays and objects may be nested this deep; a plain value has depth 0.
pub const MAX_DEPTH: usize = 32;

/// How much of a stranger's key is repeated in a pointer, in characters.
const MAX_KEY_IN_POINTER: usize = 64;

/// Why a text is not JSON as it is accepted here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} at \"{pointer}\": {detail}")]
pub struct JsonProblem {
    /// RFC 6901 pointer of the value, or of the object or array around a syntax error.
    pub pointer: String,
    /// `syntax`, `not_utf8`, `duplicate_key`, `too_deep`, `number_out_of_range` or `null_character`.
    pub code: &'static str,
    /// One sentence, with line and column where they are known.
    pub detail: String,
}

/// Reads one JSON value. Refused: duplicate keys, more than [`MAX_DEPTH`] levels, U+0000 in any string,
/// invalid UTF-8, lone surrogates, integers beyond i64 and floats beyond f64, and anything after the value.
pub fn parse_strict(bytes: &[u8]) -> Result<Value, JsonProblem> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonProblem {
        pointer: String::new(),
        code: "not_utf8",
        detail: format!("byte {} is not valid UTF-8", error.valid_up_to()),
    })?;

    let state = State { text, refusal: RefCell::new(None), path_from_leaf: RefCell::new(Vec::new()) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = StrictValue { state: &state, depth: 0 }.deserialize(&mut deserializer);
    parsed.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| state.into_problem(&error))
}

/// One segment of a pointer, escaped by RFC 6901 and cut to a bounded length.
pub fn pointer_segment(key: &str) -> String {
    let mut segment = String::with_capacity(key.len().min(MAX_KEY_IN_POINTER));
    for character in key.chars().take(MAX_KEY_IN_POINTER) {
        match character {
            '~' => segment.push_str("~0"),
            '/' => segment.push_str("~1"),
            other => segment.push(other),
        }
    }
    segment
}

/// What is gathered on the way out of a failed read. On the way in nothing is written here, so a good
/// text costs no bookkeeping.
struct State<'a> {
    text: &'a str,
    refusal: RefCell<Option<(&'static str, String)>>,
    path_from_leaf: RefCell<Vec<String>>,
}

impl State<'_> {
    fn refuse<E: serde::de::Error>(&self, code: &'static str, detail: String) -> E {
        let error = E::custom(&detail);
        *self.refusal.borrow_mut() = Some((code, detail));
        error
    }

    fn leave(&self, segment: String) {
        self.path_from_leaf.borrow_mut().push(segment);
    }

    fn into_problem(self, error: &serde_json::Error) -> JsonProblem {
        let mut pointer = String::new();
        for segment in self.path_from_leaf.into_inner().iter().rev() {
            pointer.push('/');
            pointer.push_str(segment);
        }
        let (line, column) = (error.line(), error.column());
        if let Some((code, detail)) = self.refusal.into_inner() {
            return JsonProblem { pointer, code, detail: format!("{detail} (line {line}, column {column})") };
        }
        // serde_json has no public category for it, only this text.
        let detail = error.to_string();
        let code = if detail.starts_with("number out of range") { "number_out_of_range" } else { "syntax" };
        JsonProblem { pointer, code, detail }
    }
}

#[derive(Clone, Copy)]
struct StrictValue<'s, 'a> {
    state: &'s State<'a>,
    depth: usize,
}

impl StrictValue<'_, '_> {
    /// The seed for what stands inside this value.
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            return Err(self.state.refuse("too_deep", format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth, ..self })
    }

    fn clean<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.as_bytes().contains(&0) {
            return Err(self.state.refuse("null_character", "U+0000 is not accepted in text".to_owned()));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => Ok(Value::Number(value.into())),
            Err(_) => {
                Err(self.state.refuse("number_out_of_range", format!("{value} is beyond 64 bits, signed")))
            }
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
        // serde_json hands an integer of twenty digits over as a float. Only then is the text searched.
        if value.abs() >= BEYOND_I64 && has_integer_beyond_i64(self.state.text) {
            return Err(self
                .state
                .refuse("number_out_of_range", "an integer beyond 64 bits, signed".to_owned()));
        }
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.state.refuse("number_out_of_range", "a number that is not finite".to_owned())),
        }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.clean(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.clean(&value)?;
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        loop {
            match sequence.next_element_seed(inner) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Value::Array(items)),
                Err(error) => {
                    self.state.leave(items.len().to_string());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.clean::<A::Error>(&key)?;
            if object.contains_key(&key) {
                self.state.leave(pointer_segment(&key));
                return Err(self
                    .state
                    .refuse("duplicate_key", "this key stands twice in one object".to_owned()));
            }
            match entries.next_value_seed(inner) {
                Ok(value) => {
                    object.insert(key, value);
                }
                Err(error) => {
                    self.state.leave(pointer_segment(&key));
                    return Err(error);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// Whether an integer literal outside of strings does not fit 64 bits, signed. Expects text that
/// serde_json has accepted up to the number in question.
fn has_integer_beyond_i64(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut position = 0;
    while position < bytes.len() {
        match bytes[position] {
            b'"' => position = end_of_string(bytes, position),
            b'-' | b'0'..=b'9' => {
                let end = end_of_number(bytes, position);
                let literal = &text[position..end];
                if !literal.contains(['.', 'e', 'E']) && literal.parse::<i64>().is_err() {
                    return true;
                }
                position = end;
            }
            _ => position += 1,
        }
    }
    false
}

fn end_of_string(bytes: &[u8], opening_quote: usize) -> usize {
    let mut position = opening_quote + 1;
    while position < bytes.len() && bytes[position] != b'"' {
        position += if bytes[position] == b'\\' { 2 } else { 1 };
    }
    position + 1
}

fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let length = bytes[start..].iter().take_while(|byte| is_part(byte)).count();
    start + length
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
