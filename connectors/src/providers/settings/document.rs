use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};
use vendzz_runtime::config::Secret;

/// A place in a JSON document: its value, its pointer, and the list in which every mistake of the document is kept.
#[derive(Clone)]
pub(super) struct Place<'a> {
    value: &'a Value,
    pointer: String,
    mistakes: Rc<RefCell<Vec<String>>>,
}

/// An object whose fields are asked for by name.
pub(super) struct Fields<'a> {
    place: Place<'a>,
    object: &'a Map<String, Value>,
}

impl<'a> Place<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, pointer: String::new(), mistakes: Rc::default() }
    }

    pub(super) fn take_mistakes(&self) -> Vec<String> {
        self.mistakes.take()
    }

    /// `what` never repeats the value.
    pub(super) fn mistake(&self, what: &str) {
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        self.mistakes.borrow_mut().push(format!("{pointer}: {what}"));
    }

    /// RFC 6901: in a key, `~` is `~0` and `/` is `~1`.
    pub(super) fn at(&self, key: &str, value: &'a Value) -> Place<'a> {
        let key = key.replace('~', "~0").replace('/', "~1");
        Place { value, pointer: format!("{}/{key}", self.pointer), mistakes: Rc::clone(&self.mistakes) }
    }

    /// An object with these fields and no others.
    pub(super) fn fields(&self, known: &[&str]) -> Option<Fields<'a>> {
        let object = self.object()?;
        for (key, value) in object {
            if !known.contains(&key.as_str()) {
                self.at(key, value)
                    .mistake(&format!("is not a field here (there are: {})", known.join(", ")));
            }
        }
        Some(Fields { place: self.clone(), object })
    }

    /// The field that says what the other fields are.
    pub(super) fn kind(&self) -> Option<Place<'a>> {
        let object = self.object()?;
        let kind = object.get("kind").map(|value| self.at("kind", value));
        if kind.is_none() {
            self.mistake("kind is missing");
        }
        kind
    }

    /// The entries of an object whose keys are names.
    pub(super) fn entries(&self) -> Vec<(&'a str, Place<'a>)> {
        let Some(object) = self.object() else { return Vec::new() };
        object.iter().map(|(key, value)| (key.as_str(), self.at(key, value))).collect()
    }

    pub(super) fn elements(&self) -> Vec<Place<'a>> {
        let Some(array) = self.value.as_array() else {
            self.mistake("must be an array");
            return Vec::new();
        };
        array.iter().enumerate().map(|(index, value)| self.at(&index.to_string(), value)).collect()
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value.as_str() {
            Some("") => self.mistake("must not be empty"),
            Some(text) if text.chars().any(char::is_control) => {
                self.mistake("must not have control characters");
            }
            Some(text) => return Some(text),
            None => self.mistake("must be a string"),
        }
        None
    }

    pub(super) fn number(&self) -> Option<f64> {
        let number = self.value.as_f64();
        if number.is_none() {
            self.mistake("must be a number");
        }
        number
    }

    pub(super) fn whole_number(&self) -> Option<u64> {
        let number = self.value.as_u64();
        if number.is_none() {
            self.mistake("must be a whole number, not negative");
        }
        number
    }

    fn object(&self) -> Option<&'a Map<String, Value>> {
        let object = self.value.as_object();
        if object.is_none() {
            self.mistake("must be an object");
        }
        object
    }
}

impl<'a> Fields<'a> {
    pub(super) fn place(&self) -> &Place<'a> {
        &self.place
    }

    /// A field that may be absent.
    pub(super) fn optional(&self, key: &str) -> Option<Place<'a>> {
        self.object.get(key).map(|value| self.place.at(key, value))
    }

    /// A field that must be there.
    pub(super) fn required(&self, key: &str) -> Option<Place<'a>> {
        let place = self.optional(key);
        if place.is_none() {
            self.place.mistake(&format!("{key} is missing"));
        }
        place
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.required(key)?.text()
    }

    pub(super) fn secret(&self, key: &str) -> Option<Secret> {
        self.text(key).map(Secret::new)
    }
}
