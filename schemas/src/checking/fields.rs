use serde_json::{Map, Value};

use super::Problems;
use crate::json::pointer_segment;

/// Reads the fields of one JSON object. What is wrong is noted and replaced by an empty value, so that
/// the reading goes on to the next problem.
pub(crate) struct Fields<'v> {
    object: &'v Map<String, Value>,
    pub(crate) pointer: String,
}

impl<'v> Fields<'v> {
    /// None, and a problem, when the value is not an object. `known` are all the fields it may have.
    pub(crate) fn of(
        value: &'v Value,
        pointer: &str,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Value::Object(object) = value else {
            problems.add(pointer, "wrong_type", "expected an object");
            return None;
        };
        for name in object.keys() {
            if !known.contains(&name.as_str()) {
                let pointer = format!("{pointer}/{}", pointer_segment(name));
                problems.add(pointer, "unknown_field", "there is no such field");
            }
        }
        Some(Self { object, pointer: pointer.to_owned() })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'v Value> {
        self.object.get(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, pointer_segment(name))
    }

    /// A text that must be there, of 1 to `max_chars` characters.
    pub(crate) fn text(&self, name: &str, max_chars: usize, problems: &mut Problems) -> String {
        match self.get(name) {
            None => {
                problems.add(self.at(name), "missing", "this field is needed");
                String::new()
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                problems.add(self.at(name), "empty", "must not be empty");
                String::new()
            }
            Some(_) => self.optional_text(name, max_chars, problems).unwrap_or_default(),
        }
    }

    pub(crate) fn optional_text(
        &self,
        name: &str,
        max_chars: usize,
        problems: &mut Problems,
    ) -> Option<String> {
        let value = self.get(name)?;
        let Value::String(text) = value else {
            problems.add(self.at(name), "wrong_type", "expected a text");
            return None;
        };
        if text.contains('\0') {
            problems.add(self.at(name), "null_character", "U+0000 is not accepted");
            return None;
        }
        if text.chars().count() > max_chars {
            problems.add(self.at(name), "too_long", format!("more than {max_chars} characters"));
            return None;
        }
        Some(text.clone())
    }

    /// False when it is absent.
    pub(crate) fn flag(&self, name: &str, problems: &mut Problems) -> bool {
        match self.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                problems.add(self.at(name), "wrong_type", "expected true or false");
                false
            }
        }
    }

    pub(crate) fn optional_whole(
        &self,
        name: &str,
        min: i64,
        max: i64,
        problems: &mut Problems,
    ) -> Option<i64> {
        let value = self.get(name)?;
        match value.as_i64() {
            None => problems.add(self.at(name), "wrong_type", "expected a whole number"),
            Some(number) if number < min || number > max => {
                problems.add(self.at(name), "out_of_range", format!("expected {min} to {max}"));
            }
            Some(number) => return Some(number),
        }
        None
    }

    /// The entries of a list with their pointers; none when it is absent.
    pub(crate) fn list(
        &self,
        name: &str,
        max_items: usize,
        problems: &mut Problems,
    ) -> Vec<(String, &'v Value)> {
        let items = match self.get(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                problems.add(self.at(name), "wrong_type", "expected a list");
                return Vec::new();
            }
        };
        if items.len() > max_items {
            problems.add(self.at(name), "too_many", format!("more than {max_items} entries"));
        }
        let indexed = items.iter().take(max_items).enumerate();
        indexed.map(|(index, item)| (format!("{}/{index}", self.at(name)), item)).collect()
    }
}
