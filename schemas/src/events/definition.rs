use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// One version of a quiz, on `quiz.definition.v1`. The version's number is the record's offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuizDefinition {
    /// The account that owns the quiz, for ever that of its first version.
    pub account_id: String,
    pub quiz_id: String,
    /// `published` or `unpublished`; see [`QuizState`].
    pub state: String,
    /// Edge-independent time of this version, milliseconds since 1970 (UTC).
    pub changed_at: i64,
    /// The quiz document as JSON (`definition::QuizDocument`).
    pub document: String,
    /// Elements and choices removed since version 1.
    #[serde(default)]
    pub retired: Vec<RetiredElement>,
}

/// What was removed from a quiz: a whole element, or, where the element is still there, only
/// the choices that it no longer offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredElement {
    pub element_id: String,
    pub element_type: String,
    /// Ids of the choices removed.
    pub choices: Vec<String>,
}

/// The states of a quiz as they are read from the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuizState {
    Published,
    Unpublished,
    Unknown(String),
}

impl QuizState {
    pub const PUBLISHED: &'static str = "published";
    pub const UNPUBLISHED: &'static str = "unpublished";
}

impl QuizDefinition {
    pub fn state(&self) -> QuizState {
        match self.state.as_str() {
            QuizState::PUBLISHED => QuizState::Published,
            QuizState::UNPUBLISHED => QuizState::Unpublished,
            other => QuizState::Unknown(other.to_owned()),
        }
    }
}

impl AvroEvent for QuizDefinition {
    const FULL_NAME: &'static str = "com.vendzz.QuizDefinition";
    const SCHEMA: &'static str = include_str!("../../avro/QuizDefinition.avsc");
}
