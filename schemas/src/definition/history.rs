use std::collections::{BTreeMap, BTreeSet};

use super::{Element, QuizDocument, RetiredElement};
use crate::elements::{PropertyKind, find};

/// Every element and choice that any version of a quiz ever had.
///
/// A version in the log carries what was removed before it (`retired`); together with its own document
/// that is the whole history, so nothing but the newest record is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    elements: BTreeMap<String, FormerElement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FormerElement {
    element_type: String,
    /// Ids of choices; for a matrix, of its rows and columns.
    offered: BTreeSet<String>,
}

impl History {
    /// The history up to and including a version as it stands in the log.
    pub fn of_version(document: &QuizDocument, retired: &[RetiredElement]) -> Self {
        let mut history = Self::default();
        for element in retired {
            history.add(&element.element_id, &element.element_type, element.choices.iter().cloned());
        }
        history.add_document(document);
        history
    }

    /// The history with this version added.
    pub fn after(previous: Option<&Self>, document: &QuizDocument) -> Self {
        let mut history = previous.cloned().unwrap_or_default();
        history.add_document(document);
        history
    }

    /// The type that an element of this id always had.
    pub fn type_of(&self, element_id: &str) -> Option<&str> {
        self.elements.get(element_id).map(|former| former.element_type.as_str())
    }

    /// Whether the element ever offered this choice (row, column).
    pub fn offered(&self, element_id: &str, choice_id: &str) -> bool {
        self.elements.get(element_id).is_some_and(|former| former.offered.contains(choice_id))
    }

    /// What is in the history and no longer in this document: whole elements, and of elements that are
    /// still there the choices removed. Sorted, so that the same history gives the same record.
    pub fn retired_from(&self, document: &QuizDocument) -> Vec<RetiredElement> {
        let mut retired = Vec::new();
        for (element_id, former) in &self.elements {
            let current = document.elements.iter().find(|element| &element.id == element_id);
            let still_offered = current.map(offered_ids).unwrap_or_default();
            let choices: Vec<String> = former.offered.difference(&still_offered).cloned().collect();
            if current.is_some() && choices.is_empty() {
                continue;
            }
            let element_type = former.element_type.clone();
            retired.push(RetiredElement { element_id: element_id.clone(), element_type, choices });
        }
        retired
    }

    fn add_document(&mut self, document: &QuizDocument) {
        for element in &document.elements {
            self.add(&element.id, &element.element_type, offered_ids(element));
        }
    }

    /// The first type of an id stays: a later one of another type is refused at publication.
    fn add(&mut self, element_id: &str, element_type: &str, offered: impl IntoIterator<Item = String>) {
        let former = self.elements.entry(element_id.to_owned()).or_insert_with(|| FormerElement {
            element_type: element_type.to_owned(),
            offered: BTreeSet::new(),
        });
        former.offered.extend(offered);
    }
}

/// The ids that an element's answers may hold: its choices, and the ids of properties that are lists of
/// options (a matrix's rows and columns).
fn offered_ids(element: &Element) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = element.choices.iter().map(|choice| choice.id.clone()).collect();
    let Some(element_type) = find(&element.element_type) else { return ids };
    for property in element_type.properties {
        if !matches!(property.kind, PropertyKind::Options { .. }) {
            continue;
        }
        let options = element.properties.get(property.name).and_then(|value| value.as_array());
        let option_ids = options.into_iter().flatten().filter_map(|option| option.get("id")?.as_str());
        ids.extend(option_ids.map(str::to_owned));
    }
    ids
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
