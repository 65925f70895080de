use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use vendzz_schemas::events::QuizDefinition;

use super::campaigns::RecordPlace;
use super::quiz_version::read_document;

/// One version of a quiz, as it stands in the log.
#[derive(Debug)]
pub struct HeldQuiz {
    /// Its record's place on `quiz.definition.v1`; the offset is the version.
    pub place: RecordPlace,
    pub definition: QuizDefinition,
}

/// The version by which a response is read.
#[derive(Debug, Clone)]
pub enum FoundVersion {
    Answered(Arc<HeldQuiz>),
    /// That version is gone (compaction keeps it for some days): another one stands in for it.
    Replaced(Arc<HeldQuiz>),
    /// A newer version than all that are held is asked for: it may be on its way.
    NotYet(Arc<HeldQuiz>),
    /// No version of that quiz is held.
    Unknown,
}

/// Every version of every quiz that this process has seen.
#[derive(Default)]
pub struct HeldQuizzes {
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    quizzes: HashMap<String, BTreeMap<i64, Arc<HeldQuiz>>>,
    versions: usize,
}

impl HeldQuizzes {
    /// Takes one record of the log; a version that this program cannot read is left out, as at the edge. Returns
    /// how many versions are held.
    pub fn apply(&self, place: RecordPlace, definition: QuizDefinition) -> usize {
        let readable = read_document(&definition);
        if let Err(error) = &readable {
            let (quiz_id, version) = (&definition.quiz_id, place.offset);
            tracing::error!(quiz_id, version, %error, "a version of a quiz is left out");
        }
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if readable.is_err() {
            return held.versions;
        }
        let versions = held.quizzes.entry(definition.quiz_id.clone()).or_default();
        let is_new = versions.insert(place.offset, Arc::new(HeldQuiz { place, definition })).is_none();
        held.versions += usize::from(is_new);
        held.versions
    }

    /// The version answered; where it is not held, the newest one before it, else the oldest one.
    pub fn find(&self, quiz_id: &str, version: i64) -> FoundVersion {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let Some(versions) = held.quizzes.get(quiz_id) else { return FoundVersion::Unknown };
        if let Some(answered) = versions.get(&version) {
            return FoundVersion::Answered(answered.clone());
        }
        let older = versions.range(..version).next_back();
        let Some((_, stands_in)) = older.or_else(|| versions.first_key_value()) else {
            return FoundVersion::Unknown;
        };
        // All versions of a quiz stand in one partition, so where a later one was read, this one is gone.
        match versions.last_key_value() {
            Some((newest, _)) if *newest > version => FoundVersion::Replaced(stands_in.clone()),
            _ => FoundVersion::NotYet(stands_in.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        r#"{"accountId":"a","title":"t","language":"pt-BR","timeZone":"America/Sao_Paulo","elements":[]}"#;

    fn held(offsets: &[i64]) -> HeldQuizzes {
        let quizzes = HeldQuizzes::default();
        for offset in offsets {
            let definition = QuizDefinition {
                account_id: "a".to_owned(),
                quiz_id: "q".to_owned(),
                state: "published".to_owned(),
                changed_at: 0,
                document: DOCUMENT.to_owned(),
                retired: Vec::new(),
            };
            quizzes.apply(RecordPlace { partition: 0, offset: *offset }, definition);
        }
        quizzes
    }

    fn found(quizzes: &HeldQuizzes, version: i64) -> (&'static str, i64) {
        match quizzes.find("q", version) {
            FoundVersion::Answered(quiz) => ("answered", quiz.place.offset),
            FoundVersion::Replaced(quiz) => ("replaced", quiz.place.offset),
            FoundVersion::NotYet(quiz) => ("not yet", quiz.place.offset),
            FoundVersion::Unknown => ("unknown", -1),
        }
    }

    #[test]
    fn the_version_answered_counts_and_the_one_before_it_stands_in() {
        let quizzes = held(&[7, 3, 12, 7]);
        assert_eq!(found(&quizzes, 7), ("answered", 7));
        assert_eq!(found(&quizzes, 12), ("answered", 12));
        assert_eq!(found(&quizzes, 11), ("replaced", 7));
        assert_eq!(found(&quizzes, 1), ("replaced", 3));
        assert_eq!(found(&quizzes, -1), ("replaced", 3));
        assert_eq!(found(&quizzes, 13), ("not yet", 12));
        assert_eq!(found(&held(&[]), 1), ("unknown", -1));
    }
}
