//! The variables of a quiz: one namespace for templates and conditions.

use std::collections::{BTreeMap, HashMap};

use crate::definition::{Comparable, Element, QuizDocument, RetiredElement, TextForm};
use crate::elements::{AnswerType, ElementType, find};
use crate::events::Utm;

use super::strangers_text::MAX_VARIABLE_CHARS;

/// The most characters of a person's name, and of the first one of them: a subject holds 200.
pub(super) const MAX_NAME_CHARS: usize = 120;
const MAX_FIRST_NAME_CHARS: usize = 40;
const STRANGERS: Wording = Wording::Strangers { max_chars: MAX_VARIABLE_CHARS };

/// The groups of names; a template may not use them as names of its own.
pub(crate) const GROUPS: [&str; 8] =
    ["answers", "hidden", "utm", "score", "result", "contact", "quiz", "response"];

/// What each response to a quiz gives campaigns to work with. Made once for each version of a quiz.
#[derive(Debug, Default)]
pub struct Variables {
    pub(super) list: Vec<Variable>,
    by_name: HashMap<String, Named>,
    pub(super) quiz_id: String,
    pub(super) quiz_title: String,
}

/// One variable.
#[derive(Debug)]
pub struct Variable {
    /// As it is written in templates and conditions.
    pub name: String,
    pub source: VariableSource,
    pub(crate) comparable: Comparable,
    pub(super) wording: Wording,
}

/// Where a variable's value is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableSource {
    /// The answer to this element.
    Answer {
        element_id: String,
    },
    /// The answer to an element that only former versions have.
    RetiredAnswer {
        element_id: String,
    },
    /// The page parameter of this name.
    Hidden {
        parameter: String,
    },
    Utm(UtmField),
    Score,
    ResultId,
    ResultTitle,
    ContactName,
    ContactFirstName,
    ContactEmail,
    ContactPhone,
    QuizId,
    QuizTitle,
    ResponseId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UtmField {
    Source,
    Medium,
    Campaign,
    Term,
    Content,
}

/// How a value is put into words.
#[derive(Debug)]
pub(super) enum Wording {
    /// Checked in form when it was taken, or the marketer's own.
    Plain {
        max_chars: usize,
    },
    /// A stranger's text.
    Strangers {
        max_chars: usize,
    },
    /// By the labels of what was chosen; what is not among them is a stranger's text. `are_all` when this version
    /// takes one of them and nothing else.
    Labels {
        labels: BTreeMap<String, String>,
        are_all: bool,
    },
    /// One that may be shown; an unusual one is not.
    EmailAddress,
    YesNo {
        yes: String,
        no: String,
    },
    /// Rows and columns by their labels.
    Matrix {
        rows: BTreeMap<String, String>,
        columns: BTreeMap<String, String>,
    },
    Address,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    At(usize),
    /// Two of the quiz's ids give this name.
    Ambiguous,
}

/// Why a name cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the quiz has no such variable")]
    Unknown,
    #[error("two ids of the quiz give this name: rename one of them")]
    Ambiguous,
}

impl NameError {
    /// For programs: a short word that never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_variable",
            Self::Ambiguous => "ambiguous_variable",
        }
    }
}

impl Variables {
    /// The namespace of one version of a quiz; `retired` is what its record carries.
    pub fn of_quiz(quiz_id: &str, document: &QuizDocument, retired: &[RetiredElement]) -> Self {
        let mut variables =
            Self { quiz_id: quiz_id.to_owned(), quiz_title: document.title.clone(), ..Self::default() };
        variables.add_answers(document, retired);
        for parameter in &document.hidden_fields {
            let source = VariableSource::Hidden { parameter: parameter.clone() };
            variables.add(format!("hidden.{}", name_part(parameter)), source, Comparable::text(), STRANGERS);
        }
        variables.add_fixed(document);
        // An element of this version goes before one that only former versions have.
        variables.add_retired(document, retired);
        variables
    }

    /// The variable of this name.
    pub fn find(&self, name: &str) -> Result<&Variable, NameError> {
        match self.by_name.get(name) {
            Some(Named::At(place)) => Ok(&self.list[*place]),
            Some(Named::Ambiguous) => Err(NameError::Ambiguous),
            None => Err(NameError::Unknown),
        }
    }

    /// In the order of the quiz.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.list.iter()
    }

    /// Names that two ids of the quiz give, sorted.
    pub fn ambiguous_names(&self) -> Vec<&str> {
        let is_ambiguous = |named: &Named| *named == Named::Ambiguous;
        let mut names: Vec<&str> = self
            .by_name
            .iter()
            .filter(|(_, named)| is_ambiguous(named))
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        match self.by_name.get(name) {
            Some(Named::At(place)) => Some(*place),
            Some(Named::Ambiguous) | None => None,
        }
    }

    fn add_answers(&mut self, document: &QuizDocument, retired: &[RetiredElement]) {
        for element in &document.elements {
            let element_type = find(&element.element_type);
            if element_type.is_some_and(|element_type| !element_type.is_input()) {
                continue;
            }
            let mut comparable = comparable(element, element_type);
            // A response to a former version may still hold a choice that this one no longer offers.
            let removed = retired.iter().filter(|former| former.element_id == element.id);
            if let Some(offered) = &mut comparable.offered {
                offered.extend(removed.flat_map(|former| former.choices.iter().cloned()));
            }
            let source = VariableSource::Answer { element_id: element.id.clone() };
            let wording = Wording::of_element(element, element_type);
            self.add(format!("answers.{}", name_part(&element.id)), source, comparable, wording);
        }
    }

    fn add_retired(&mut self, document: &QuizDocument, retired: &[RetiredElement]) {
        let current_names: Vec<String> = self.by_name.keys().cloned().collect();
        for former in retired {
            let name = format!("answers.{}", name_part(&former.element_id));
            let is_current = document.elements.iter().any(|element| element.id == former.element_id);
            if is_current || current_names.contains(&name) {
                continue;
            }
            let element_type = find(&former.element_type);
            if element_type.is_some_and(|element_type| !element_type.is_input()) {
                continue;
            }
            let element = Element {
                id: former.element_id.clone(),
                element_type: former.element_type.clone(),
                ..Element::default()
            };
            let mut comparable = comparable(&element, element_type);
            comparable.offered = comparable.offered.map(|_| former.choices.clone());
            let source = VariableSource::RetiredAnswer { element_id: former.element_id.clone() };
            self.add(name, source, comparable, Wording::of_element(&element, element_type));
        }
    }

    fn add_fixed(&mut self, document: &QuizDocument) {
        use VariableSource as From;
        let name = |max_chars| Wording::Strangers { max_chars };
        let plain = |max_chars: usize| Wording::Plain { max_chars: max_chars.min(MAX_VARIABLE_CHARS) };
        for field in UtmField::ALL {
            self.add(format!("utm.{}", field.name()), From::Utm(field), Comparable::text(), STRANGERS);
        }
        let number = Comparable { answer: AnswerType::Long, ..Comparable::text() };
        let result_ids = document.results.iter().map(|result| result.id.clone()).collect();
        let result = Comparable { offered: Some(result_ids), ..Comparable::text() };
        let longest_title =
            document.results.iter().map(|result| result.title.chars().count()).max().unwrap_or_default();
        let text = Comparable::text;
        self.add("score".to_owned(), From::Score, number, plain(20));
        self.add("result.id".to_owned(), From::ResultId, result, plain(64));
        self.add("result.title".to_owned(), From::ResultTitle, text(), plain(longest_title));
        self.add("contact.name".to_owned(), From::ContactName, text(), name(MAX_NAME_CHARS));
        self.add("contact.first_name".to_owned(), From::ContactFirstName, text(), name(MAX_FIRST_NAME_CHARS));
        self.add("contact.email".to_owned(), From::ContactEmail, text(), Wording::EmailAddress);
        self.add("contact.phone".to_owned(), From::ContactPhone, text(), plain(20));
        self.add("quiz.id".to_owned(), From::QuizId, text(), plain(64));
        self.add("quiz.title".to_owned(), From::QuizTitle, text(), plain(self.quiz_title.chars().count()));
        self.add("response.id".to_owned(), From::ResponseId, text(), plain(36));
    }

    fn add(&mut self, name: String, source: VariableSource, comparable: Comparable, wording: Wording) {
        let place = self.list.len();
        let named = if self.by_name.contains_key(&name) { Named::Ambiguous } else { Named::At(place) };
        self.by_name.insert(name.clone(), named);
        self.list.push(Variable { name, source, comparable, wording });
    }
}

impl UtmField {
    pub const ALL: [Self; 5] = [Self::Source, Self::Medium, Self::Campaign, Self::Term, Self::Content];

    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
            Self::Term => "term",
            Self::Content => "content",
        }
    }

    pub(super) fn of(self, utm: &Utm) -> &str {
        match self {
            Self::Source => &utm.source,
            Self::Medium => &utm.medium,
            Self::Campaign => &utm.campaign,
            Self::Term => &utm.term,
            Self::Content => &utm.content,
        }
    }
}

/// An id as a part of a variable's name: `-` and `.` are written `_`, and a `_` stands before a digit, so that
/// it is an identifier of the template language.
pub(super) fn name_part(id: &str) -> String {
    let mut part = String::with_capacity(id.len() + 1);
    if id.starts_with(|first: char| first.is_ascii_digit()) {
        part.push('_');
    }
    part.extend(id.chars().map(|character| if matches!(character, '-' | '.') { '_' } else { character }));
    part
}

/// Of an element whose type this build does not know only whether it was answered can be asked.
fn comparable(element: &Element, element_type: Option<&'static ElementType>) -> Comparable {
    match element_type {
        Some(element_type) => Comparable::of_element(element, element_type),
        None => Comparable { answer: AnswerType::None, offered: None, form: TextForm::Free },
    }
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;
