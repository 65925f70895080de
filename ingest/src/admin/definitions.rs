//! The newest version of each quiz, folded from `quiz.definition.v1`.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::definition::{History, QuizDocument};
use vendzz_schemas::events::{QuizDefinition, QuizState};

/// One version of a quiz as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    /// The record's offset.
    pub(super) number: i64,
    pub(super) definition: QuizDefinition,
    /// Of its document.
    pub(super) title: String,
    /// The version that stood before it, as far as this process has seen it.
    pub(super) replaced: Option<i64>,
}

impl Version {
    pub(super) fn is_unpublished(&self) -> bool {
        self.definition.state() == QuizState::Unpublished
    }

    /// Every element and choice up to and including this version.
    pub(super) fn history(&self) -> Result<History, serde_json::Error> {
        let document: QuizDocument = serde_json::from_str(&self.definition.document)?;
        Ok(History::of_version(&document, &self.definition.retired))
    }
}

/// The newest version of a quiz cannot be read by this build, so it must not be replaced by it either.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {number} of {quiz_id} cannot be read: {reason}")]
pub(super) struct UnreadableVersion {
    pub(super) quiz_id: String,
    pub(super) number: i64,
    pub(super) reason: String,
}

type Held = Result<Arc<Version>, UnreadableVersion>;

/// All quizzes, by id. Cloned handles share one table.
#[derive(Clone, Default)]
pub(super) struct Definitions {
    by_quiz: Arc<RwLock<BTreeMap<String, Held>>>,
}

impl Definitions {
    /// The newest version of a quiz; `None` when there is no such quiz.
    pub(super) fn get(&self, quiz_id: &str) -> Result<Option<Arc<Version>>, UnreadableVersion> {
        let by_quiz = self.by_quiz.read().unwrap_or_else(PoisonError::into_inner);
        by_quiz.get(quiz_id).cloned().transpose()
    }

    /// At most `limit` quizzes whose ids come after `after`, in order; unreadable ones are left out.
    pub(super) fn page(&self, after: &str, limit: usize) -> Vec<(String, Arc<Version>)> {
        let by_quiz = self.by_quiz.read().unwrap_or_else(PoisonError::into_inner);
        let following =
            by_quiz.range::<str, _>((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        let readable = following.filter_map(|(quiz_id, held)| Some((quiz_id.clone(), held.clone().ok()?)));
        readable.take(limit).collect()
    }

    /// Folds one record. An offset that is not newer than the version held was seen before: the topic
    /// is read again from its start when the connection was lost.
    pub(super) fn apply(&self, quiz_id: &str, offset: i64, decoded: Result<QuizDefinition, String>) {
        let mut by_quiz = self.by_quiz.write().unwrap_or_else(PoisonError::into_inner);
        let held = by_quiz.get(quiz_id).map(number_of);
        if held >= Some(offset) {
            return;
        }
        let entry = read_version(quiz_id, offset, decoded, held);
        if let Err(unreadable) = &entry {
            tracing::error!(
                quiz_id,
                version = offset,
                reason = unreadable.reason,
                "unreadable version of a quiz"
            );
        }
        by_quiz.insert(quiz_id.to_owned(), entry);
        MetricName::DefinitionsHeld.gauge().set(by_quiz.len() as f64);
    }
}

fn number_of(held: &Held) -> i64 {
    match held {
        Ok(version) => version.number,
        Err(unreadable) => unreadable.number,
    }
}

fn read_version(
    quiz_id: &str,
    number: i64,
    decoded: Result<QuizDefinition, String>,
    replaced: Option<i64>,
) -> Held {
    let unreadable = |reason: String| UnreadableVersion { quiz_id: quiz_id.to_owned(), number, reason };
    let definition = decoded.map_err(unreadable)?;
    if definition.quiz_id != quiz_id {
        return Err(unreadable("the record's key names another quiz than its value".to_owned()));
    }
    let document: QuizDocument = serde_json::from_str(&definition.document)
        .map_err(|error| unreadable(format!("its document: {error}")))?;
    Ok(Arc::new(Version { number, definition, title: document.title, replaced }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::definition;
    use super::*;

    #[test]
    fn the_table_never_goes_back_and_knows_what_each_version_replaced() {
        let definitions = Definitions::default();
        for offset in [3, 9, 3, 9, 4] {
            definitions.apply("q", offset, Ok(definition("q", "acc", "published")));
        }
        let version = definitions.get("q").unwrap().unwrap();
        assert_eq!((version.number, version.replaced), (9, Some(3)));
        assert_eq!(definitions.get("other"), Ok(None));
    }

    #[test]
    fn a_version_that_cannot_be_read_hides_the_older_one() {
        let definitions = Definitions::default();
        definitions.apply("q", 1, Ok(definition("q", "acc", "published")));
        definitions.apply("q", 2, Err("schema id 7 is unknown".to_owned()));
        assert_eq!(definitions.get("q").unwrap_err().number, 2);
        definitions.apply("q", 3, Ok(definition("other", "acc", "published")));
        assert_eq!(definitions.get("q").unwrap_err().number, 3, "key and value disagree");
        let broken = QuizDefinition { document: "{}".to_owned(), ..definition("q", "acc", "published") };
        definitions.apply("q", 4, Ok(broken));
        assert_eq!(definitions.get("q").unwrap_err().number, 4, "a document without its fields");
        definitions.apply("q", 5, Ok(definition("q", "acc", "unpublished")));
        assert!(definitions.get("q").unwrap().unwrap().is_unpublished());
    }

    #[test]
    fn pages_follow_each_other_by_id() {
        let definitions = Definitions::default();
        for (offset, quiz_id) in ["c", "a", "d", "b"].into_iter().enumerate() {
            definitions.apply(quiz_id, offset as i64, Ok(definition(quiz_id, "acc", "published")));
        }
        definitions.apply("b", 9, Err("unreadable".to_owned()));
        let ids = |after: &str, limit| {
            definitions.page(after, limit).into_iter().map(|(quiz_id, _)| quiz_id).collect::<Vec<_>>()
        };
        assert_eq!(ids("", 2), ["a", "c"]);
        assert_eq!(ids("c", 2), ["d"]);
        assert!(ids("d", 2).is_empty());
    }
}
