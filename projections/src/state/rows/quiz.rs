use chrono::{DateTime, Utc};
use serde::Deserialize;
use vendzz_schemas::events::QuizDefinition;

use vendzz_runtime::row_fold::FoldedRow;
use vendzz_schemas::contract::{Violation, check_quiz_and_account, moment};

/// A row of `quizzes`. Key: quiz_id; the latest version in the log stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuizRow {
    pub quiz_id: String,
    pub account_id: String,
    pub state: String,
    /// Offset of the definition's record.
    pub version: i64,
    pub changed_at: DateTime<Utc>,
    pub title: String,
    /// JSON, as it was published.
    pub document: String,
    pub append_at: DateTime<Utc>,
}

/// What the row takes out of the document.
#[derive(Deserialize)]
struct Titled {
    title: String,
}

impl FoldedRow for QuizRow {
    type Event = QuizDefinition;

    fn of(event: QuizDefinition, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation> {
        check_quiz_and_account(&event.quiz_id, &event.account_id)?;
        let Titled { title } = serde_json::from_str(&event.document).map_err(|_| Violation {
            reason: "bad_document",
            detail: "the document is not a JSON object with a title",
        })?;
        Ok(Some(Self {
            quiz_id: event.quiz_id,
            account_id: event.account_id,
            state: event.state,
            version: offset,
            changed_at: moment(event.changed_at)?,
            title,
            document: event.document,
            append_at: moment(append_ms)?,
        }))
    }

    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        // Stable, so that of two versions the later one comes last, and takes the other's place.
        rows.sort_by(|left, right| left.quiz_id.cmp(&right.quiz_id));
        rows.dedup_by(|later, kept| {
            let same_quiz = later.quiz_id == kept.quiz_id;
            if same_quiz {
                std::mem::swap(later, kept);
            }
            same_quiz
        });
        rows
    }

    fn offset(&self) -> i64 {
        self.version
    }
}
