use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use super::flow::Flow;
use super::{Element, QuizDocument, RetiredElement};
use crate::elements::checks::any_form::AnyFormCheck;
use crate::elements::{AnswerCheck, ElementKind, Settings};
use crate::events::AnswerValue;

/// One version of a quiz, made ready to check submissions: built once, then shared and only read.
///
/// It never fails to build. The document was checked when it was published, possibly by a newer build;
/// what this build does not understand is left out, and its answers are taken by form alone.
#[derive(Debug)]
pub struct CompiledQuiz {
    pub(super) elements: Vec<CompiledElement>,
    /// Elements of former versions, by the same index.
    index: HashMap<String, Known>,
    flow: Flow,
    time_zone: Tz,
    hidden_fields: Vec<String>,
    saves_partial_responses: bool,
}

#[derive(Debug)]
pub(super) struct CompiledElement {
    pub(super) id: String,
    pub(super) required: bool,
    /// Of a type whose answers are ways to reach somebody.
    pub(super) is_contact: bool,
    /// None for content.
    pub(super) check: Option<Box<dyn AnswerCheck>>,
}

/// What an element id means in this quiz.
#[derive(Debug)]
pub(super) enum Known {
    /// By its place in the document.
    Current(usize),
    /// An element of a former version.
    Retired(CompiledElement),
}

impl CompiledQuiz {
    /// `retired` is what the version's record carries.
    pub fn new(document: &QuizDocument, retired: &[RetiredElement]) -> Self {
        let mut index = HashMap::with_capacity(document.elements.len() + retired.len());
        for former in retired {
            let element = Element {
                id: former.element_id.clone(),
                element_type: former.element_type.clone(),
                ..Element::default()
            };
            index.insert(former.element_id.clone(), Known::Retired(CompiledElement::new(&element)));
        }
        // Afterwards, so that they win: an element that only lost choices stands in both.
        for (place, element) in document.elements.iter().enumerate() {
            index.insert(element.id.clone(), Known::Current(place));
        }
        let place_of = |id: &str| match index.get(id) {
            Some(Known::Current(place)) => Some(*place),
            _ => None,
        };
        let flow = Flow::new(document, &place_of);
        Self {
            elements: document.elements.iter().map(CompiledElement::new).collect(),
            flow,
            index,
            time_zone: document.time_zone.parse().unwrap_or(Tz::UTC),
            hidden_fields: document.hidden_fields.clone(),
            saves_partial_responses: document.save_partial_responses,
        }
    }

    /// The ids of the elements that these answers lead through, in their order.
    pub fn shown(&self, answers: &BTreeMap<String, AnswerValue>) -> Vec<&str> {
        let answer_of = |place: usize| answers.get(&self.elements[place].id);
        self.flow.shown(&answer_of).into_iter().map(|place| self.elements[place].id.as_str()).collect()
    }

    /// The page parameters that are taken along.
    pub fn hidden_fields(&self) -> &[String] {
        &self.hidden_fields
    }

    /// Whether answers are kept of those who gave a contact and did not finish.
    pub fn saves_partial_responses(&self) -> bool {
        self.saves_partial_responses
    }

    /// Whether any version of the quiz has, or had, an element of this id.
    pub fn has_element(&self, element_id: &str) -> bool {
        self.index.contains_key(element_id)
    }

    pub fn time_zone(&self) -> Tz {
        self.time_zone
    }

    pub(super) fn flow(&self) -> &Flow {
        &self.flow
    }

    pub(super) fn known(&self, element_id: &str) -> Option<&Known> {
        self.index.get(element_id)
    }
}

impl CompiledElement {
    fn new(element: &Element) -> Self {
        let kind = ElementKind::from_wire(&element.element_type);
        let is_contact = matches!(kind, ElementKind::Known(element_type) if element_type.is_contact);
        let check: Option<Box<dyn AnswerCheck>> = match kind {
            ElementKind::Known(element_type) => {
                element_type.build_check.map(|build| build(&Settings::new(element_type, element)))
            }
            ElementKind::Unknown(_) => Some(Box::new(AnyFormCheck)),
        };
        Self { id: element.id.clone(), required: element.required, is_contact, check }
    }
}
