use std::collections::BTreeMap;
use std::sync::Arc;

use vendzz_schemas::campaign::Variables;
use vendzz_schemas::definition::{CompiledQuiz, QuizDocument};
use vendzz_schemas::events::{AnswerValue, QuizDefinition};

use crate::leads::{Contacts, LeadElements, detect};

/// One version of a quiz, made ready to read responses: built once, then shared and only read.
pub struct QuizVersion {
    pub document: QuizDocument,
    pub compiled: CompiledQuiz,
    pub variables: Arc<Variables>,
    lead_elements: LeadElements,
}

/// A version whose document this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the quiz's document is not readable (line {line}, column {column})")]
pub struct UnreadableQuiz {
    line: usize,
    column: usize,
}

impl QuizVersion {
    pub fn new(definition: &QuizDefinition) -> Result<Self, UnreadableQuiz> {
        let document = read_document(definition)?;
        let compiled = CompiledQuiz::new(&document, &definition.retired);
        let variables = Variables::of_quiz(&definition.quiz_id, &document, &definition.retired);
        let lead_elements = LeadElements::new(&document, &definition.retired);
        Ok(Self { compiled, variables: Arc::new(variables), lead_elements, document })
    }

    /// The respondent's own contact.
    pub fn detect_leads(&self, answers: &BTreeMap<String, AnswerValue>) -> Contacts {
        detect(&self.lead_elements, answers)
    }
}

/// The document of a version.
pub(super) fn read_document(definition: &QuizDefinition) -> Result<QuizDocument, UnreadableQuiz> {
    serde_json::from_str(&definition.document)
        .map_err(|error| UnreadableQuiz { line: error.line(), column: error.column() })
}
