//! Whether a change of a quiz may be appended: pure decisions over what the log holds.

use serde_json::Value;
use vendzz_schemas::definition::{History, QuizDocument, check_definition_value};
use vendzz_schemas::events::{QuizDefinition, QuizState};

use super::super::definitions::Version;
use super::super::precondition::Precondition;
use super::super::publisher::Verdict;
use super::super::refusal::Refusal;
use super::Quizzes;

/// A document to be published as the next version of a quiz.
#[derive(Debug, Clone)]
pub(in super::super) struct Publication {
    pub(in super::super) quiz_id: String,
    /// As `json::parse_strict` gave it.
    pub(in super::super) document: Value,
    pub(in super::super) precondition: Precondition,
}

impl Publication {
    /// `now` is in milliseconds since 1970 (UTC).
    ///
    /// Whose quiz it is comes first, since no other version would help. A content that is current
    /// already is a success whatever version the request names: it is the repetition of a request whose
    /// answer was lost. Only then does the version count, and what is wrong in the document last, for
    /// it was made from that version.
    pub(in super::super) fn judge(
        &self,
        current: Option<&Version<Quizzes>>,
        now: i64,
    ) -> Result<Verdict<Quizzes>, Refusal> {
        if let Some(version) = current {
            self.check_account(version)?;
        }
        let history = current.map(history).transpose().map_err(|_| Refusal::Internal)?;
        let checked = check_definition_value(&self.document, history.as_ref());
        let document = match &checked {
            Ok(document) => serde_json::to_string(document).map_err(|_| Refusal::Internal)?,
            Err(_) => String::new(),
        };
        let is_repeated = current.is_some_and(|version| {
            version.event.state() == QuizState::Published && version.event.document == document
        });
        if is_repeated {
            return Ok(Verdict::Unchanged);
        }
        self.precondition.check(current.map(|version| &version.tag))?;
        let checked = checked.map_err(Refusal::Invalid)?;
        let history = History::after(history.as_ref(), &checked);
        Ok(Verdict::Append(QuizDefinition {
            retired: history.retired_from(&checked),
            account_id: checked.account_id,
            quiz_id: self.quiz_id.clone(),
            state: QuizState::PUBLISHED.to_owned(),
            changed_at: now,
            document,
        }))
    }

    fn check_account(&self, current: &Version<Quizzes>) -> Result<(), Refusal> {
        let sent = self.document.get("accountId").and_then(Value::as_str);
        match sent {
            Some(account_id) if account_id != current.event.account_id => Err(Refusal::ForeignAccount),
            // What is not even a text is named by the check of the document.
            _ => Ok(()),
        }
    }
}

/// Takes a quiz off the public address. `now` is in milliseconds since 1970 (UTC).
pub(in super::super) fn judge_unpublication(
    current: Option<&Version<Quizzes>>,
    precondition: &Precondition,
    now: i64,
) -> Result<Verdict<Quizzes>, Refusal> {
    let Some(version) = current else { return Err(Refusal::Unknown) };
    if version.event.state() == QuizState::Unpublished {
        return Ok(Verdict::Unchanged);
    }
    precondition.check(Some(&version.tag))?;
    Ok(Verdict::Append(QuizDefinition {
        state: QuizState::UNPUBLISHED.to_owned(),
        changed_at: now,
        ..version.event.clone()
    }))
}

/// Every element and choice up to and including this version.
fn history(version: &Version<Quizzes>) -> Result<History, serde_json::Error> {
    let document: QuizDocument = serde_json::from_str(&version.event.document)?;
    Ok(History::of_version(&document, &version.event.retired))
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
