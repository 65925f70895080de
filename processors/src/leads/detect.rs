use std::collections::BTreeMap;

use rlibphonenumber::Region;
use vendzz_schemas::elements::checks::email::parse_email;
use vendzz_schemas::elements::checks::phone::parse_phone;
use vendzz_schemas::events::AnswerValue;

use super::contacts::{Candidate, Contacts, Evidence, keep_better};
use super::elements::{LeadElement, LeadElements, Reading};
use super::name::asked_name;
use super::name_labels::NameQuestion;
use super::phone;
use super::phone_shapes::{brazilian, international};
use super::text::{Wanted, read_number, read_text};

/// Confidences of answers to elements of the very type: the check of the type has been passed. A phone may be
/// mistyped and still exist, a name may be anything with letters.
const TYPED_EMAIL: f64 = 0.99;
const TYPED_PHONE: f64 = 0.98;
const TYPED_NAME: f64 = 0.97;

/// Finds the respondent's own e-mail address, phone and name, each at most once.
///
/// Pure, and never fails. An answer to an element that is not in `elements` is not read.
pub fn detect(elements: &LeadElements, answers: &BTreeMap<String, AnswerValue>) -> Contacts {
    let mut contacts = Contacts::default();
    for element in &elements.elements {
        if let Some(AnswerValue::Text(answer)) = answers.get(&element.id) {
            read_typed(element, answer, &mut contacts);
        }
    }
    let wanted = Wanted {
        email: contacts.email.is_none(),
        phone: contacts.phone.is_none(),
        name: contacts.name.is_none(),
    };
    if wanted.nothing() {
        return contacts;
    }
    for element in &elements.elements {
        if let Some(answer) = answers.get(&element.id) {
            read_untyped(element, answer, wanted, &mut contacts);
        }
    }
    contacts
}

fn read_typed(element: &LeadElement, answer: &str, contacts: &mut Contacts) {
    let question = &element.question;
    if question.is_about_others || question.asks_pix {
        return;
    }
    let (slot, value, confidence) = match element.reading {
        Reading::TypedEmail => (&mut contacts.email, parse_email(answer), TYPED_EMAIL),
        Reading::TypedPhone(country) => (&mut contacts.phone, typed_phone(answer, country), TYPED_PHONE),
        Reading::TypedName if question.name != NameQuestion::SomethingElse => {
            (&mut contacts.name, asked_name(answer, true), TYPED_NAME)
        }
        _ => return,
    };
    if let Some(value) = value {
        keep_better(slot, Candidate::new(value, confidence, Evidence::TypedElement), &element.id);
    }
}

/// Mostly E.164 already; an older version's answer may be kept as it was typed.
fn typed_phone(answer: &str, country: Region) -> Option<String> {
    let digits: String = answer.chars().filter(char::is_ascii_digit).collect();
    if answer.starts_with('+')
        && let Some(number) = international(&digits)
    {
        return Some(number.value);
    }
    if country != Region::BR {
        return parse_phone(answer, country);
    }
    let written = phone::numbers(answer, &[]).into_iter().next().map(|candidate| candidate.number);
    written.or_else(|| brazilian(&digits)).map(|number| number.value)
}

fn read_untyped(element: &LeadElement, answer: &AnswerValue, wanted: Wanted, contacts: &mut Contacts) {
    match (&element.reading, answer) {
        (Reading::FreeText, AnswerValue::Text(text)) => read_text(element, text, wanted, contacts),
        (Reading::Number, AnswerValue::Double(number)) if wanted.phone => {
            read_number(element, *number, contacts);
        }
        (Reading::Number, AnswerValue::Long(number)) if wanted.phone => {
            read_number(element, *number as f64, contacts);
        }
        (Reading::OwnText(choices), AnswerValue::Text(text)) if !choices.contains(text) => {
            read_text(element, text, Wanted { name: false, ..wanted }, contacts);
        }
        (Reading::OwnText(choices), AnswerValue::List(entries)) => {
            for text in entries.iter().filter(|entry| !choices.contains(*entry)) {
                read_text(element, text, Wanted { name: false, ..wanted }, contacts);
            }
        }
        _ => {}
    }
}
