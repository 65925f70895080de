//! A quiz as a marketer publishes it: the document, its checks on publication, its flow, and the check
//! of what quiz takers send.
//!
//! ```text
//! PUT body ──check_definition──> QuizDocument ──> the log ──> QuizDocument ──> CompiledQuiz ──check_submission──> answers
//!                 ▲                   │                            └──public_view──> quiz takers
//!              History <──after───────┘
//! ```

mod answers;
mod check;
mod compiled;
mod condition;
mod document;
mod flow;
mod history;
mod problem;
mod public_view;
mod sample;
mod score;

pub use answers::{CheckedAnswers, SubmissionContext, check_partial, check_submission};
pub(crate) use check::{Comparable, MAX_DEPTH, MAX_PARTS, TextForm};
pub use check::{MAX_DOCUMENT_BYTES, check_definition, check_definition_value};
pub use compiled::CompiledQuiz;
pub use condition::{Condition, Operator, Test};
pub(crate) use condition::{Operand, test};
pub use document::{Choice, Element, QuizDocument, QuizResult, Rule, TARGET_END};
pub use history::History;
pub use problem::{DefinitionProblem, FieldProblem};
pub use public_view::public_view;
pub use sample::sample_answers;
pub use score::{Outcome, outcome};

pub use crate::events::RetiredElement;

#[cfg(test)]
pub(crate) mod testing;
