//! Whether a change of a campaign may be appended: pure decisions over what the log holds.

use serde::Deserialize;
use serde_json::Value;
use vendzz_schemas::campaign::{CampaignContext, CampaignDocument, check_campaign_value};
use vendzz_schemas::definition::{DefinitionProblem, QuizDocument};
use vendzz_schemas::events::{CampaignDefinition, CampaignState};
use vendzz_schemas::ids::TimedId;

use super::super::definitions::{Definitions, Standing, Version};
use super::super::precondition::Precondition;
use super::super::publisher::Verdict;
use super::super::quizzes::Quizzes;
use super::super::refusal::Refusal;
use super::Campaigns;

/// What the next version of a campaign is marked with.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Stamp {
    pub(in super::super) revision: TimedId,
    /// Milliseconds since 1970 (UTC).
    pub(in super::super) now: i64,
}

/// A document to be published as the next version of a campaign.
#[derive(Debug, Clone)]
pub(in super::super) struct Publication {
    pub(in super::super) campaign_id: String,
    /// As `json::parse_strict` gave it.
    pub(in super::super) document: Value,
    pub(in super::super) precondition: Precondition,
}

impl Publication {
    /// The order is that of quizzes: first what no other version would help with (whose campaign it is, and
    /// whether it goes on at all), then the version, and last what is wrong in the document. A content that
    /// is current already is a success whatever else is said.
    pub(in super::super) fn judge(
        &self,
        standing: Option<&Standing<Campaigns>>,
        quizzes: &Definitions<Quizzes>,
        stamp: Stamp,
    ) -> Result<Verdict<Campaigns>, Refusal> {
        let current = standing.map(|standing| &*standing.newest);
        let plain = self.read_plainly();
        if let Some(version) = current {
            self.check_fixed(version)?;
            if plain.as_ref().is_some_and(|document| is_document_of(document, version)) {
                return Ok(Verdict::Unchanged);
            }
            if version.event.state() == CampaignState::Ended {
                return Err(Refusal::EndedForEver);
            }
        }
        let checked = self.check(standing, quizzes);
        if let (Some(version), Ok(document)) = (current, &checked)
            && is_document_of(document, version)
        {
            return Ok(Verdict::Unchanged);
        }
        self.precondition.check(current.map(|version| &version.tag))?;
        match (plain, current) {
            (Some(document), Some(version)) if stops(&document, version) => self.append(document, stamp),
            _ => self.append(checked?, stamp),
        }
    }

    /// The action, for a metric's label: the state that is asked for.
    pub(in super::super) fn action(&self) -> &'static str {
        match self.document.get("state").and_then(Value::as_str).map(CampaignState::from_wire) {
            Some(CampaignState::Draft) => "draft",
            Some(CampaignState::Active) => "activate",
            Some(CampaignState::Paused) => "pause",
            Some(CampaignState::Ended) => "end",
            Some(CampaignState::Unknown(_)) | None => "unknown",
        }
    }

    fn append(&self, document: CampaignDocument, stamp: Stamp) -> Result<Verdict<Campaigns>, Refusal> {
        let text = serde_json::to_string(&document).map_err(|_| Refusal::Internal)?;
        Ok(Verdict::Append(CampaignDefinition {
            account_id: document.account_id,
            campaign_id: self.campaign_id.clone(),
            revision: stamp.revision.to_string(),
            quiz_id: document.quiz_id,
            state: document.state,
            changed_at: stamp.now,
            document: text,
        }))
    }

    /// What a campaign keeps for ever. What is not even a text is named by the check of the document.
    fn check_fixed(&self, current: &Version<Campaigns>) -> Result<(), Refusal> {
        let differs = |field: &str, kept: &str| self.text(field).is_some_and(|sent| sent != kept);
        if differs("accountId", &current.event.account_id) {
            return Err(Refusal::ForeignAccount);
        }
        if differs("quizId", &current.event.quiz_id) {
            return Err(Refusal::OtherQuiz);
        }
        if differs("channel", &current.headline.channel) {
            return Err(Refusal::OtherChannel);
        }
        Ok(())
    }

    /// The document, when reading it loses nothing: so it can be compared with the current one without a
    /// check, which the quiz's later versions may have made it fail.
    fn read_plainly(&self) -> Option<CampaignDocument> {
        let document = CampaignDocument::deserialize(&self.document).ok()?;
        let read = serde_json::to_value(&document).ok()?;
        is_contained(&self.document, &read).then_some(document)
    }

    fn check(
        &self,
        standing: Option<&Standing<Campaigns>>,
        quizzes: &Definitions<Quizzes>,
    ) -> Result<CampaignDocument, Refusal> {
        let kept = standing.map(|standing| standing.newest.event.quiz_id.as_str());
        let quiz_id = kept.or_else(|| self.text("quizId")).ok_or_else(|| self.no_quiz_id())?;
        let quiz = quizzes
            .get(quiz_id)
            .map_err(|unreadable| Refusal::UnreadableQuiz { version: unreadable.tag })?
            .ok_or_else(|| problem("/quizId", "unknown_quiz", "no quiz was ever published under this id"))?;
        let document: QuizDocument =
            serde_json::from_str(&quiz.event.document).map_err(|_| Refusal::Internal)?;
        let former = standing.map(former_documents).transpose()?.unwrap_or_default();
        let context =
            CampaignContext { quiz: &document, quiz_id, retired: &quiz.event.retired, former: &former };
        let mut problems = match check_campaign_value(&self.document, &context) {
            Ok(checked) if checked.account_id == quiz.event.account_id => return Ok(checked),
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        let is_foreign = self.text("accountId").is_some_and(|sent| sent != quiz.event.account_id);
        if is_foreign && !problems.iter().any(|problem| problem.pointer == "/accountId") {
            let detail = "the quiz belongs to another account".to_owned();
            problems.push(DefinitionProblem {
                pointer: "/accountId".to_owned(),
                code: "foreign_account",
                detail,
            });
        }
        Err(Refusal::Invalid(problems))
    }

    fn no_quiz_id(&self) -> Refusal {
        match self.document.as_object().map(|fields| fields.get("quizId")) {
            None => problem("", "wrong_type", "expected an object"),
            Some(None) => problem("/quizId", "missing", "this field is needed"),
            Some(Some(_)) => problem("/quizId", "wrong_type", "expected a text"),
        }
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.document.get(field).and_then(Value::as_str)
    }
}

/// Whether the version says exactly this.
fn is_document_of(document: &CampaignDocument, version: &Version<Campaigns>) -> bool {
    serde_json::to_string(document).is_ok_and(|text| text == version.event.document)
}

/// Whether the document differs from the version in its state alone, and that stops it. Such a change is not
/// checked: a campaign must be stoppable also when its quiz has changed under it.
fn stops(document: &CampaignDocument, version: &Version<Campaigns>) -> bool {
    let is_stop =
        matches!(CampaignState::from_wire(&document.state), CampaignState::Paused | CampaignState::Ended);
    let as_before = CampaignDocument { state: version.event.state.clone(), ..document.clone() };
    is_stop && is_document_of(&as_before, version)
}

/// Every version's document, oldest first.
fn former_documents(standing: &Standing<Campaigns>) -> Result<Vec<CampaignDocument>, Refusal> {
    let versions = standing.former.iter().chain([&standing.newest]);
    let documents = versions.map(|version| serde_json::from_str(&version.event.document));
    documents.collect::<Result<_, _>>().map_err(|_| Refusal::Internal)
}

/// Whether everything that `sent` holds stands in `read` too; `read` may have defaults beside it.
fn is_contained(sent: &Value, read: &Value) -> bool {
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => {
            sent.iter().all(|(name, value)| read.get(name).is_some_and(|read| is_contained(value, read)))
        }
        (Value::Array(sent), Value::Array(read)) => {
            sent.len() == read.len() && sent.iter().zip(read).all(|(sent, read)| is_contained(sent, read))
        }
        _ => sent == read,
    }
}

fn problem(pointer: &str, code: &'static str, detail: &str) -> Refusal {
    Refusal::Invalid(vec![DefinitionProblem { pointer: pointer.to_owned(), code, detail: detail.to_owned() }])
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
