//! The variables of one response: what each compares as, and what it reads as.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::cleaning::{clean, cut};
use super::contacts::Contacts;
use super::outcome::Outcome;
use super::words::in_words;

#[derive(Debug, Default)]
pub(super) struct Values {
    /// Choices by id. What is absent stands in neither.
    compared: BTreeMap<String, Value>,
    words: BTreeMap<String, String>,
}

impl Values {
    pub(super) fn of(
        event: &Value,
        quiz_id: &str,
        document: &Value,
        outcome: &Outcome<'_>,
        contacts: &Contacts,
    ) -> Self {
        let mut values = Self::default();
        let no_answers = Map::new();
        let answers = event["answers"].as_object().unwrap_or(&no_answers);
        for element in document["elements"].as_array().into_iter().flatten() {
            let id = element["id"].as_str().unwrap_or_default();
            if let Some(answer) = answers.get(id) {
                values.add(format!("answers.{}", name_of(id)), answer.clone(), in_words(element, answer));
            }
        }
        for name in document["hiddenFields"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            values.add_text(&format!("hidden.{}", name_of(name)), event["hidden"][name].as_str(), clean);
        }
        for name in ["source", "medium", "campaign", "term", "content"] {
            values.add_text(&format!("utm.{name}"), event["utm"][name].as_str(), clean);
        }
        values.add("score".to_owned(), json!(outcome.score), outcome.score.to_string());
        let result = |name: &str| outcome.result.and_then(|result| result[name].as_str());
        values.add_text("result.id", result("id"), cut);
        values.add_text("result.title", result("title"), cut);
        let name = contacts.name.as_deref();
        values.add_text("contact.name", name, clean);
        let first_name = name.map(|name| clean(name).split(' ').next().unwrap_or_default().to_owned());
        values.add_text("contact.first_name", first_name.as_deref(), clean);
        values.add_text("contact.email", contacts.email.as_deref(), cut);
        values.add_text("contact.phone", contacts.phone.as_deref(), cut);
        values.add_text("quiz.id", Some(quiz_id), cut);
        values.add_text("quiz.title", document["title"].as_str().map(cut).as_deref(), cut);
        values.add_text("response.id", event["response_id"].as_str(), cut);
        values
    }

    pub(super) fn compared(&self, name: &str) -> Option<&Value> {
        self.compared.get(name)
    }

    /// The words, else the campaign's default, else nothing.
    pub(super) fn words(&self, name: &str, defaults: &Value) -> String {
        let words = self.words.get(name).filter(|words| !words.trim().is_empty());
        words.map(String::as_str).or_else(|| defaults[name].as_str()).unwrap_or_default().to_owned()
    }

    fn add(&mut self, name: String, compared: Value, words: String) {
        self.words.insert(name.clone(), words);
        self.compared.insert(name, compared);
    }

    fn add_text(&mut self, name: &str, text: Option<&str>, worded: fn(&str) -> String) {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return };
        self.add(name.to_owned(), json!(text), worded(text));
    }
}

/// `-` and `.` are written `_`, and a `_` stands before a digit.
fn name_of(id: &str) -> String {
    let underscored = id.replace(['-', '.'], "_");
    if underscored.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("_{underscored}");
    }
    underscored
}
