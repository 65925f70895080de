//! Answers in words, as messages show them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::strangers_text::{MAX_VARIABLE_CHARS, cut, strangers_text, strangers_text_within};
use super::variables::{MAX_NAME_CHARS, Wording};
use crate::definition::Element;
use crate::elements::checks::address;
use crate::elements::{AnswerType, ElementType, Settings};
use crate::events::AnswerValue;

/// The longest number in words: a double with 17 digits, its sign and a long exponent written out stays in this.
const MAX_NUMBER_CHARS: usize = 40;

impl Wording {
    pub(super) fn of_element(element: &Element, element_type: Option<&'static ElementType>) -> Self {
        let Some(element_type) = element_type else {
            return Self::Strangers { max_chars: MAX_VARIABLE_CHARS };
        };
        if element_type.takes_choices() {
            let labelled = element.choices.iter().map(|choice| (choice.id.clone(), choice.label.clone()));
            let takes_one = element_type.answer == AnswerType::Text;
            let takes_own_text = Settings::new(element_type, element).flag("allowOther");
            return Self::Labels { labels: labelled.collect(), are_all: takes_one && !takes_own_text };
        }
        match (element_type.answer, element_type.name) {
            (AnswerType::Boolean, _) => {
                let settings = Settings::new(element_type, element);
                let word = |name, default: &str| settings.text(name).unwrap_or(default).to_owned();
                Self::YesNo { yes: word("yesLabel", "Sim"), no: word("noLabel", "Não") }
            }
            (AnswerType::Long | AnswerType::Double, _) => Self::Plain { max_chars: MAX_NUMBER_CHARS },
            (AnswerType::MapOfText, "address") => Self::Address,
            (AnswerType::MapOfText, _) => {
                Self::Matrix { rows: labels_of(element, "rows"), columns: labels_of(element, "columns") }
            }
            (_, "email") => Self::EmailAddress,
            // Their checks let nothing through that could be a link.
            (_, "phone" | "cpf" | "cnpj" | "cep" | "date" | "birth_date" | "time") => {
                Self::Plain { max_chars: 20 }
            }
            (_, "name") => Self::Strangers { max_chars: MAX_NAME_CHARS },
            _ => {
                let max_length = Settings::new(element_type, element).count("maxLength");
                Self::Strangers { max_chars: max_length.unwrap_or(usize::MAX).min(MAX_VARIABLE_CHARS) }
            }
        }
    }

    /// What a message shows of this value; at most [`MAX_VARIABLE_CHARS`] characters.
    pub(super) fn words(&self, value: &AnswerValue) -> String {
        match (value, self) {
            (AnswerValue::Bool(true), Self::YesNo { yes, .. }) => cut(yes).to_owned(),
            (AnswerValue::Bool(false), Self::YesNo { no, .. }) => cut(no).to_owned(),
            (AnswerValue::Bool(flag), _) => if *flag { "Sim" } else { "Não" }.to_owned(),
            (AnswerValue::Long(number), _) => number.to_string(),
            (AnswerValue::Double(number), _) => number_in_words(*number),
            (AnswerValue::Text(text), Self::Labels { labels, .. }) => label(labels, text),
            (AnswerValue::Text(text), Self::Plain { .. }) => cut(text).to_owned(),
            (AnswerValue::Text(text), Self::EmailAddress) => plain_email(text).to_owned(),
            (AnswerValue::Text(text), Self::Strangers { max_chars }) => {
                strangers_text_within(text, *max_chars)
            }
            (AnswerValue::Text(text), _) => strangers_text(text),
            (AnswerValue::List(entries), Self::Labels { labels, .. }) => {
                joined(entries.iter().map(|entry| label(labels, entry)))
            }
            (AnswerValue::List(entries), _) => joined(entries.iter().map(|entry| strangers_text(entry))),
            (AnswerValue::Map(cells), Self::Matrix { rows, columns }) => joined(
                cells.iter().map(|(row, column)| format!("{}: {}", label(rows, row), label(columns, column))),
            ),
            (AnswerValue::Map(parts), Self::Address) => joined(
                ADDRESS_ORDER.iter().filter_map(|name| parts.get(*name)).map(|part| strangers_text(part)),
            ),
            (AnswerValue::Map(entries), _) => joined(entries.values().map(|entry| strangers_text(entry))),
        }
    }

    /// The longest text that [`Self::words`] makes of an answer to this version. Made of characters that HTML
    /// escapes, where a stranger may choose them.
    pub(super) fn longest(&self) -> String {
        let filled = |max_chars: usize| "\"".repeat(max_chars);
        match self {
            Self::Plain { max_chars } => "M".repeat(*max_chars),
            Self::EmailAddress => "M".repeat(MAX_VARIABLE_CHARS),
            Self::YesNo { yes, no } => {
                cut(if yes.chars().count() < no.chars().count() { no } else { yes }).to_owned()
            }
            Self::Labels { labels, are_all: true } => {
                let longest = labels.values().max_by_key(|label| label.chars().count());
                cut(longest.map_or("", String::as_str)).to_owned()
            }
            Self::Strangers { max_chars } => filled(*max_chars),
            Self::Labels { .. } | Self::Matrix { .. } | Self::Address => filled(MAX_VARIABLE_CHARS),
        }
    }
}

/// A Brazilian address as it is written.
const ADDRESS_ORDER: [&str; 7] = ["street", "number", "complement", "district", "city", "state", "cep"];
const _: () = assert!(ADDRESS_ORDER.len() == address::PARTS.len());

/// An e-mail address as nearly everybody's is, or nothing: the standard also allows `banco.example/pix@a.com`,
/// of which phones make a link.
fn plain_email(address: &str) -> &str {
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '_' | '+' | '-' | '\'' | '@')
    };
    let is_shown = address.chars().all(is_plain) && address.matches('@').count() == 1;
    if is_shown { cut(address) } else { "" }
}

fn labels_of(element: &Element, property: &str) -> BTreeMap<String, String> {
    let options = element.properties.get(property).and_then(Value::as_array).into_iter().flatten();
    let labelled = options.filter_map(|option| {
        let text = |name: &str| option.get(name)?.as_str().map(str::to_owned);
        Some((text("id")?, text("label")?))
    });
    labelled.collect()
}

fn label(labels: &BTreeMap<String, String>, id: &str) -> String {
    labels.get(id).map_or_else(|| strangers_text(id), |label| cut(label).to_owned())
}

/// Separated by commas, as many as there is room for; the last one may be cut.
fn joined(words: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut chars = 0;
    for word in words.filter(|word| !word.is_empty()) {
        if chars >= MAX_VARIABLE_CHARS {
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&word);
        chars += word.chars().count() + 2;
    }
    cut(&text).to_owned()
}

/// Without thousands' separators and without `.0`; f64 prints the shortest digits that read back the same.
fn number_in_words(number: f64) -> String {
    // Negative zero is zero.
    let text = (number + 0.0).to_string();
    if text.chars().count() <= MAX_NUMBER_CHARS { text } else { format!("{number:e}") }
}
