//! Free text, and texts whose form is a matter of the element's type alone.

use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// Text of minLength to maxLength characters, kept as it was typed.
#[derive(Debug)]
pub struct TextCheck {
    min_chars: usize,
    max_chars: usize,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(TextCheck {
        min_chars: settings.count("minLength").unwrap_or(0),
        max_chars: settings.count("maxLength").unwrap_or(form::MAX_TEXT_CHARS),
    })
}

impl AnswerCheck for TextCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let text = match form::text(value) {
            Ok(text) => text,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let complaint = length_complaint(text, self.min_chars, self.max_chars);
        Verdict::unless(complaint, AnswerValue::Text(text.to_owned()))
    }
}

fn length_complaint(text: &str, min_chars: usize, max_chars: usize) -> Option<Refusal> {
    if form::has_more_chars(text, max_chars) {
        return Some(Refusal::new("too_long", format!("more than {max_chars} characters")));
    }
    if min_chars > 0 && text.chars().count() < min_chars {
        return Some(Refusal::new("too_short", format!("fewer than {min_chars} characters")));
    }
    None
}

/// Text that is right or wrong by its form alone, in every version of a quiz.
#[derive(Debug)]
pub struct FormCheck {
    /// The form in which the answer is kept.
    pub normalise: fn(&Value) -> Result<String, Refusal>,
}

impl AnswerCheck for FormCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        (self.normalise)(value).map(AnswerValue::Text).into()
    }
}

/// The most characters in a person's name.
const MAX_NAME_CHARS: usize = 120;

/// A person's name: one letter at least, in any script; kept without the spaces around it.
pub fn build_name(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise_name(form::text(value)?) })
}

fn normalise_name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if form::has_more_chars(name, MAX_NAME_CHARS) {
        return Err(Refusal::new("too_large", format!("more than {MAX_NAME_CHARS} characters")));
    }
    if !name.chars().any(char::is_alphabetic) {
        return Err(Refusal::new("bad_name", "expected a name with one letter at least"));
    }
    Ok(name.to_owned())
}

/// The most characters in a hidden element's value.
const MAX_HIDDEN_CHARS: usize = 500;

/// A value that the page sets; kept as it is.
pub fn build_hidden(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise_hidden(form::text(value)?) })
}

fn normalise_hidden(text: &str) -> Result<String, Refusal> {
    if form::has_more_chars(text, MAX_HIDDEN_CHARS) {
        return Err(Refusal::new("too_large", format!("more than {MAX_HIDDEN_CHARS} characters")));
    }
    Ok(text.to_owned())
}
