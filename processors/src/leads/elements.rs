use std::collections::HashSet;

use rlibphonenumber::Region;
use vendzz_schemas::definition::{Element, QuizDocument, RetiredElement};
use vendzz_schemas::elements::{Settings, find};

use super::labels::Question;

/// The elements of one version of a quiz that may hold a contact, with what their labels ask for. Made once for
/// each version; elements that cannot hold one (dates, scales, choices without a text of one's own) are left out.
#[derive(Debug, Clone, Default)]
pub struct LeadElements {
    /// In the order in which they are shown; removed elements stand last, by id.
    pub(super) elements: Vec<LeadElement>,
}

#[derive(Debug, Clone)]
pub(super) struct LeadElement {
    pub id: String,
    pub reading: Reading,
    pub question: Question,
}

/// How an element's answers are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    TypedEmail,
    /// The country of a number without a country code.
    TypedPhone(Region),
    TypedName,
    FreeText,
    /// Digits, which only the label can make a phone.
    Number,
    /// A text of one's own among choices, which is any entry that is not one of these ids.
    OwnText(HashSet<String>),
}

impl LeadElements {
    /// `retired` are the elements removed since the quiz's first version: an older version's answers may hold
    /// them. Their labels are not known, so only what is typed or valid by itself is found there.
    pub fn new(document: &QuizDocument, retired: &[RetiredElement]) -> Self {
        let mut elements = Vec::new();
        for element in &document.elements {
            let Some(reading) = reading(element) else { continue };
            let question = Question::of_label(&element.label);
            elements.push(LeadElement { id: element.id.clone(), reading, question });
        }
        let mut removed: Vec<&RetiredElement> = retired.iter().collect();
        removed.sort_by(|one, other| one.element_id.cmp(&other.element_id));
        for element in removed {
            // Of an element that is still there only choices were removed.
            if document.elements.iter().any(|current| current.id == element.element_id) {
                continue;
            }
            let stub = Element { element_type: element.element_type.clone(), ..Element::default() };
            let Some(reading) = reading(&stub) else { continue };
            elements.push(LeadElement {
                id: element.element_id.clone(),
                reading,
                question: Question::default(),
            });
        }
        Self { elements }
    }
}

/// None for what cannot hold a contact of the respondent. A `hidden` element is set by the page and a type that
/// this build does not know may mean anything: neither is read.
fn reading(element: &Element) -> Option<Reading> {
    let settings = Settings::new(find(&element.element_type)?, element);
    match settings.element_type.name {
        "email" => Some(Reading::TypedEmail),
        "phone" => {
            let country = settings.text("defaultCountry").and_then(|code| Region::from_code(code).ok());
            Some(Reading::TypedPhone(country.unwrap_or(Region::BR)))
        }
        "name" => Some(Reading::TypedName),
        "short_text" | "long_text" => Some(Reading::FreeText),
        "number" => Some(Reading::Number),
        "single_choice" | "multiple_choice" if settings.flag("allowOther") => {
            Some(Reading::OwnText(settings.choice_ids().into_iter().collect()))
        }
        _ => None,
    }
}
