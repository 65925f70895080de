use std::sync::Arc;

use vendzz_schemas::definition::{CompiledQuiz, QuizDocument, public_view};
use vendzz_schemas::events::{QuizDefinition, QuizState};

use super::{PublicView, QuizRate, VersionedDefinition};

/// Submissions and views are still taken for this long after a quiz was unpublished: its page stands in
/// caches and in open browsers.
const TAKEN_AFTER_UNPUBLISHING_MS: i64 = 24 * 3_600_000;

/// One version of a quiz, made ready to be served and answered.
#[derive(Debug)]
pub struct ServedQuiz {
    pub definition: QuizDefinition,
    /// Offset of its record.
    pub version: i64,
    pub compiled: CompiledQuiz,
    pub public: PublicView,
    pub is_published: bool,
    /// Shared by all versions of the quiz.
    pub rate: Arc<QuizRate>,
}

#[derive(Debug, thiserror::Error)]
pub enum UnusableDefinition {
    #[error("its document is not readable: {0}")]
    Document(#[from] serde_json::Error),
    #[error("its public view cannot be made: {0}")]
    PublicView(#[from] std::io::Error),
}

/// Whether a quiz may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Published,
    /// Unpublished, and answers are still taken.
    RecentlyUnpublished,
    Gone,
}

impl ServedQuiz {
    /// `rate` is that of the version before.
    pub fn build(versioned: VersionedDefinition, rate: Arc<QuizRate>) -> Result<Self, UnusableDefinition> {
        let VersionedDefinition { version, definition } = versioned;
        let document: QuizDocument = serde_json::from_str(&definition.document)?;
        let view = public_view(&document, &definition.quiz_id, version);
        Ok(Self {
            compiled: CompiledQuiz::new(&document, &definition.retired),
            public: PublicView::new(&view, &definition.quiz_id, version)?,
            is_published: definition.state() == QuizState::Published,
            definition,
            version,
            rate,
        })
    }

    pub fn standing(&self, now_ms: i64) -> Standing {
        if self.is_published {
            Standing::Published
        } else if now_ms.saturating_sub(self.definition.changed_at) < TAKEN_AFTER_UNPUBLISHING_MS {
            Standing::RecentlyUnpublished
        } else {
            Standing::Gone
        }
    }
}
