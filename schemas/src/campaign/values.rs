use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use minijinja::Value;

use super::strangers_text::{cut, strangers_text};
use super::variables::{Variable, VariableSource, Variables};
use crate::definition::Outcome;
use crate::events::{AnswerValue, Utm};

/// What is known of one response when campaigns look at it.
#[derive(Debug, Clone, Copy)]
pub struct ResponseFacts<'a> {
    /// By element id, as the event carries them.
    pub answers: &'a BTreeMap<String, AnswerValue>,
    pub hidden: &'a BTreeMap<String, String>,
    pub utm: &'a Utm,
    pub outcome: &'a Outcome,
    pub contact: Contact<'a>,
    pub response_id: &'a str,
}

/// The respondent's own contact, as far as it was found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Contact<'a> {
    pub name: Option<&'a str>,
    /// A checked e-mail address.
    pub email: Option<&'a str>,
    /// E.164.
    pub phone: Option<&'a str>,
}

/// The values of one response: gathered once, then read by every campaign of the quiz. Cheap to clone.
#[derive(Debug, Clone)]
pub struct VariableValues {
    pub(super) inner: Arc<Gathered>,
}

#[derive(Debug)]
pub(super) struct Gathered {
    variables: Arc<Variables>,
    /// In the order of `variables.list`.
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    value: Option<AnswerValue>,
    /// Put into words by the first template that shows it.
    words: OnceLock<Value>,
}

impl VariableValues {
    pub fn gather(variables: &Arc<Variables>, facts: &ResponseFacts<'_>) -> Self {
        let slot = |variable: &Variable| Slot {
            value: value_of(&variable.source, variables, facts),
            words: OnceLock::new(),
        };
        let slots = variables.list.iter().map(slot).collect();
        Self { inner: Arc::new(Gathered { variables: variables.clone(), slots }) }
    }

    /// No variable has a value.
    pub(super) fn none(variables: &Arc<Variables>) -> Self {
        let slot = |_| Slot { value: None, words: OnceLock::new() };
        let slots = variables.list.iter().map(slot).collect();
        Self { inner: Arc::new(Gathered { variables: variables.clone(), slots }) }
    }

    /// Every variable has its longest words.
    pub(super) fn longest(variables: &Arc<Variables>) -> Self {
        let slot = |variable: &Variable| Slot {
            value: Some(AnswerValue::Bool(true)),
            words: OnceLock::from(Value::from(variable.wording.longest())),
        };
        let slots = variables.list.iter().map(slot).collect();
        Self { inner: Arc::new(Gathered { variables: variables.clone(), slots }) }
    }

    /// The value as conditions compare it: choices by id. None when the response lacks it, or the quiz's version
    /// has no such variable.
    pub fn value(&self, name: &str) -> Option<&AnswerValue> {
        let place = self.inner.variables.place(name)?;
        self.inner.slots[place].value.as_ref()
    }

    /// The value in words, as templates show it, without any campaign's defaults; None as for [`Self::value`].
    pub fn words(&self, name: &str) -> Option<String> {
        self.inner.words(name).map(|words| words.to_string())
    }

    pub fn variables(&self) -> &Variables {
        &self.inner.variables
    }
}

impl Gathered {
    /// None too when nothing is left of a stranger's text.
    pub(super) fn words(&self, name: &str) -> Option<Value> {
        let place = self.variables.place(name)?;
        let slot = &self.slots[place];
        let value = slot.value.as_ref()?;
        let variable = &self.variables.list[place];
        let words = slot.words.get_or_init(|| Value::from(variable.wording.words(value)));
        let is_blank = words.as_str().is_some_and(|words| words.trim().is_empty());
        (!is_blank).then(|| words.clone())
    }
}

fn value_of(
    source: &VariableSource,
    variables: &Variables,
    facts: &ResponseFacts<'_>,
) -> Option<AnswerValue> {
    use VariableSource as From;
    match source {
        From::Answer { element_id } | From::RetiredAnswer { element_id } => {
            facts.answers.get(element_id).cloned()
        }
        From::Hidden { parameter } => text(facts.hidden.get(parameter)?),
        From::Utm(field) => text(field.of(facts.utm)),
        From::Score => Some(AnswerValue::Long(facts.outcome.score)),
        From::ResultId => text(&facts.outcome.result.as_ref()?.id),
        From::ResultTitle => text(&facts.outcome.result.as_ref()?.title),
        From::ContactName => text(facts.contact.name?),
        From::ContactFirstName => text(first_name(facts.contact.name?).as_str()),
        From::ContactEmail => text(facts.contact.email?),
        From::ContactPhone => text(facts.contact.phone?),
        From::QuizId => text(&variables.quiz_id),
        From::QuizTitle => text(cut(&variables.quiz_title)),
        From::ResponseId => text(facts.response_id),
    }
}

/// None of an empty text: a page sends its parameters whether they are set or not.
fn text(text: &str) -> Option<AnswerValue> {
    (!text.trim().is_empty()).then(|| AnswerValue::Text(text.to_owned()))
}

fn first_name(name: &str) -> String {
    let shown = strangers_text(name);
    shown.split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
