use std::collections::BTreeMap;

use serde_json::Value;

use super::QuizVersion;

/// The versions of each quiz.
pub(super) struct Quizzes<'l>(BTreeMap<&'l str, BTreeMap<i64, &'l Value>>);

impl<'l> Quizzes<'l> {
    pub(super) fn of(versions: &'l [QuizVersion]) -> Self {
        let mut quizzes: BTreeMap<&str, BTreeMap<i64, &Value>> = BTreeMap::new();
        for version in versions {
            quizzes.entry(&version.quiz_id).or_default().insert(version.version, &version.document);
        }
        Self(quizzes)
    }

    /// The version answered, else the newest older one, else the oldest.
    pub(super) fn answered(&self, quiz_id: &str, version: i64) -> Option<&'l Value> {
        let versions = self.0.get(quiz_id)?;
        let not_newer = versions.range(..=version).next_back();
        not_newer.or_else(|| versions.iter().next()).map(|(_, document)| *document)
    }
}
