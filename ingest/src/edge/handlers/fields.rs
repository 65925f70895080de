use serde_json::{Map, Value};
use vendzz_runtime::http::{FieldError, Problem};
use vendzz_schemas::definition::FieldProblem;
use vendzz_schemas::events::Utm;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::json;

use crate::edge::client::{UtmReader, referrer_of};
use crate::edge::refusals;

/// More errors than this are not listed: the list answers a person who mends a page.
const MAX_ERRORS: usize = 50;

/// The members of a JSON body, taken one by one. What is wrong is gathered, so that one answer names it
/// all. `null` is the same as absent; members that nobody takes are ignored.
pub(super) struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        match json::parse_strict(body).map_err(Problem::bad_json)? {
            Value::Object(object) => Ok(Self { object, errors: Vec::new() }),
            _ => Err(refusals::not_an_object()),
        }
    }

    /// Every answer that is wrong.
    pub(super) fn wrong_answers(&mut self, problems: Vec<FieldProblem>) {
        problems.into_iter().for_each(|problem| self.note(problem.into()));
    }

    /// Whether nothing was wrong so far.
    pub(super) fn are_right(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that was wrong, if anything was.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(refusals::invalid_fields(self.errors)) }
    }

    pub(super) fn timed_id(&mut self, name: &str) -> Option<TimedId> {
        let text = self.text(name)?;
        match TimedId::parse(&text) {
            Ok(id) => Some(id),
            Err(error) => {
                self.wrong(name, "not_uuid7", error.to_string());
                None
            }
        }
    }

    pub(super) fn required_timed_id(&mut self, name: &str) -> Option<TimedId> {
        self.require(name, Self::timed_id)
    }

    /// A whole number, 0 or more.
    pub(super) fn count(&mut self, name: &str) -> Option<i64> {
        match self.take(name)? {
            Value::Number(number) => match number.as_i64() {
                Some(count) if count >= 0 => Some(count),
                _ => {
                    self.wrong(name, "out_of_range", "must be a whole number, 0 or more");
                    None
                }
            },
            _ => {
                self.wrong(name, "wrong_type", "must be a whole number");
                None
            }
        }
    }

    pub(super) fn required_count(&mut self, name: &str) -> Option<i64> {
        self.require(name, Self::count)
    }

    pub(super) fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        match self.take(name)? {
            Value::Array(items) => Some(items),
            _ => {
                self.wrong(name, "wrong_type", "must be a list");
                None
            }
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong(name, "wrong_type", "must be a text");
                None
            }
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(object) => Some(object),
            _ => {
                self.wrong(name, "wrong_type", "must be an object");
                None
            }
        }
    }

    pub(super) fn required_object(&mut self, name: &str) -> Map<String, Value> {
        self.require(name, Self::object).unwrap_or_default()
    }

    /// A member that must be there; when it is not, that is what is wrong with it.
    fn require<T>(&mut self, name: &str, take: impl Fn(&mut Self, &str) -> Option<T>) -> Option<T> {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.wrong(name, "required", "must be there");
            return None;
        }
        take(self, name)
    }

    pub(super) fn referrer(&mut self) -> String {
        self.text("referrer").map(|text| referrer_of(&text)).unwrap_or_default()
    }

    pub(super) fn utm(&mut self) -> Utm {
        let mut utm = UtmReader::default();
        for (name, value) in self.object("utm").unwrap_or_default() {
            match value {
                Value::String(text) => utm.take(&name, &text),
                Value::Null => {}
                _ => self.wrong_below("utm", &name, "wrong_type", "must be a text"),
            }
        }
        utm.finish()
    }

    pub(super) fn wrong(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        self.note(FieldError::new(format!("/{name}"), code, detail));
    }

    pub(super) fn wrong_below(
        &mut self,
        name: &str,
        key: &str,
        code: &'static str,
        detail: impl Into<String>,
    ) {
        let pointer = format!("/{name}/{}", json::pointer_segment(key));
        self.note(FieldError::new(pointer, code, detail));
    }

    fn note(&mut self, error: FieldError) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_names_everything_that_is_wrong() {
        let body = br#"{"visitorId": "x", "version": -1, "referrer": 7, "answers": [], "utm": {"source": 1}, "other": 1}"#;
        let mut fields = Fields::read(body).ok().unwrap();
        assert_eq!(fields.timed_id("visitorId"), None);
        assert_eq!(fields.count("version"), None);
        assert_eq!(fields.referrer(), "");
        assert!(fields.required_object("answers").is_empty());
        assert!(fields.required_object("hidden").is_empty());
        fields.utm();
        let problem = fields.finish().unwrap_err();
        let found: Vec<_> = problem.errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(
            found,
            [
                ("/visitorId", "not_uuid7"),
                ("/version", "out_of_range"),
                ("/referrer", "wrong_type"),
                ("/answers", "wrong_type"),
                ("/hidden", "required"),
                ("/utm/source", "wrong_type"),
            ]
        );
    }

    #[test]
    fn null_is_absent_and_a_body_must_be_an_object() {
        let mut fields = Fields::read(br#"{"visitorId": null, "utm": null}"#).ok().unwrap();
        assert_eq!(fields.timed_id("visitorId"), None);
        fields.utm();
        assert!(fields.finish().is_ok());
        for body in ["[]", "1", "null", "\"x\""] {
            assert_eq!(Fields::read(body.as_bytes()).err().unwrap().code, "invalid_request", "{body}");
        }
        assert_eq!(Fields::read(b"{").err().unwrap().code, "bad_json");
    }
}
