//! The whole check of a quiz document on publication: every problem at once, each with its pointer.

mod comparable;
mod document;
mod element;
mod logic;
mod reach;
mod results;

pub(crate) use comparable::{Comparable, TextForm};
pub(crate) use logic::{MAX_DEPTH, MAX_PARTS};

use std::collections::HashMap;

use serde_json::Value;

use super::{DefinitionProblem, History, QuizDocument};
use crate::checking::Problems;
use crate::json::parse_strict;

/// The largest document, in bytes of JSON.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// How much a version may carry of what was removed before it, in bytes: with the document it must fit
/// into one record of 1 MiB.
const MAX_RETIRED_BYTES: usize = 512 * 1024;
/// The most elements in a quiz.
const MAX_ELEMENTS: usize = 200;
/// The most choices in an element.
const MAX_CHOICES: usize = 200;
/// The most rules in a quiz.
const MAX_RULES: usize = 500;
/// The most page parameters that a quiz takes along.
const MAX_HIDDEN_FIELDS: usize = 50;
/// The most results of a quiz.
const MAX_RESULTS: usize = 50;

/// Checks the bytes of a PUT. `previous` is the history of the quiz's former versions, None for its first.
pub fn check_definition(
    bytes: &[u8],
    previous: Option<&History>,
) -> Result<QuizDocument, Vec<DefinitionProblem>> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(vec![too_large()]);
    }
    match parse_strict(bytes) {
        Ok(document) => check_parsed(&document, previous),
        Err(problem) => {
            let (pointer, code, detail) = (problem.pointer, problem.code, problem.detail);
            Err(vec![DefinitionProblem { pointer, code, detail }])
        }
    }
}

/// The same for a document that has been parsed, with `json::parse_strict` if it comes from outside.
pub fn check_definition_value(
    document: &Value,
    previous: Option<&History>,
) -> Result<QuizDocument, Vec<DefinitionProblem>> {
    if document.to_string().len() > MAX_DOCUMENT_BYTES {
        return Err(vec![too_large()]);
    }
    check_parsed(document, previous)
}

fn check_parsed(value: &Value, previous: Option<&History>) -> Result<QuizDocument, Vec<DefinitionProblem>> {
    let mut problems = Problems::default();
    let document = document::read(value, &mut problems);
    if let Some(document) = &document {
        let elements = ElementsById::new(document);
        element::check_ids(document, previous, &mut problems);
        logic::check(document, &elements, &mut problems);
        results::check(document, &mut problems);
        // A way through the quiz is only worth judging when all its parts are right.
        if problems.is_empty() {
            reach::check(document, &elements, &mut problems);
            check_history(document, previous, &mut problems);
        }
    }
    match document {
        Some(document) if problems.is_empty() => Ok(document),
        _ => Err(problems.into_sorted()),
    }
}

fn check_history(document: &QuizDocument, previous: Option<&History>, problems: &mut Problems) {
    let retired = History::after(previous, document).retired_from(document);
    let bytes_of = |text: &String| text.len() + 4;
    let bytes: usize = retired
        .iter()
        .map(|former| {
            let choices: usize = former.choices.iter().map(bytes_of).sum();
            bytes_of(&former.element_id) + bytes_of(&former.element_type) + choices
        })
        .sum();
    if bytes > MAX_RETIRED_BYTES {
        let detail = "this quiz has had too many elements and choices: publish it under a new id";
        problems.add("", "too_much_history", detail);
    }
}

fn too_large() -> DefinitionProblem {
    let detail = format!("the document is larger than {MAX_DOCUMENT_BYTES} bytes");
    DefinitionProblem { pointer: String::new(), code: "too_large", detail }
}

/// Places of elements by id; of two with the same id the first.
struct ElementsById<'d> {
    places: HashMap<&'d str, usize>,
}

impl<'d> ElementsById<'d> {
    fn new(document: &'d QuizDocument) -> Self {
        let mut places = HashMap::with_capacity(document.elements.len());
        for (place, element) in document.elements.iter().enumerate() {
            places.entry(element.id.as_str()).or_insert(place);
        }
        Self { places }
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }
}

#[cfg(test)]
#[path = "../check_tests.rs"]
mod tests;
