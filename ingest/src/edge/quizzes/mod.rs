//! The published quizzes in memory: followed from `quiz.definition.v1`, compiled once for each version.

mod follow;
mod public_view;
mod rate;
mod served;
mod store;

pub use follow::follow_definitions;
pub use public_view::PublicView;
pub use rate::QuizRate;
pub use served::{ServedQuiz, Standing, UnusableDefinition};
pub use store::{DefinitionStore, VersionedDefinition};
