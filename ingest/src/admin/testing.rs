//! Quizzes and campaigns for the unit tests.

use serde_json::{Value, json};
use vendzz_schemas::campaign::CampaignDocument;
use vendzz_schemas::events::{CampaignDefinition, QuizDefinition};

use super::definitions::Version;
use super::kind::{Kind, VersionTag};
use super::quizzes::Quizzes;

/// A small quiz that can be published.
pub(super) fn quiz_document(account_id: &str) -> Value {
    json!({
        "accountId": account_id,
        "title": "Emagrecimento",
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "elements": [
            { "id": "name", "type": "name", "label": "Qual é o seu nome?", "required": true },
            { "id": "goal", "type": "single_choice", "label": "Qual é a sua meta?", "choices": [
                { "id": "less", "label": "Perder peso" }, { "id": "same", "label": "Manter o peso" },
            ] },
        ],
    })
}

pub(super) fn quiz(quiz_id: &str, account_id: &str, state: &str) -> QuizDefinition {
    let checked = vendzz_schemas::definition::check_definition_value(&quiz_document(account_id), None);
    QuizDefinition {
        account_id: account_id.to_owned(),
        quiz_id: quiz_id.to_owned(),
        state: state.to_owned(),
        changed_at: 1,
        document: serde_json::to_string(&checked.unwrap()).unwrap(),
        retired: Vec::new(),
    }
}

pub(super) fn quiz_version(offset: i64, event: QuizDefinition) -> Version<Quizzes> {
    version(offset, event)
}

pub(super) fn version<K: Kind>(offset: i64, event: K::Event) -> Version<K> {
    Version {
        offset,
        tag: K::tag(&event, offset),
        appended_at: offset,
        headline: K::headline(&event).unwrap(),
        event,
        replaced: None,
    }
}

/// A small campaign that can be published for [`quiz_document`].
pub(super) fn campaign_document(quiz_id: &str, account_id: &str, state: &str) -> Value {
    json!({
        "accountId": account_id,
        "quizId": quiz_id,
        "name": "Boas-vindas",
        "channel": "sms",
        "audience": "completed",
        "state": state,
        "steps": [{ "id": "ola", "delaySeconds": 60, "template": { "text": "Olá, {{ answers.name }}!" } }],
        "senderPool": "principal",
    })
}

/// A version of that campaign, of [`revision`] 0.
pub(super) fn campaign(
    campaign_id: &str,
    quiz_id: &str,
    account_id: &str,
    state: &str,
) -> CampaignDefinition {
    let document: CampaignDocument =
        serde_json::from_value(campaign_document(quiz_id, account_id, state)).unwrap();
    CampaignDefinition {
        account_id: account_id.to_owned(),
        campaign_id: campaign_id.to_owned(),
        revision: revision(0),
        quiz_id: quiz_id.to_owned(),
        state: state.to_owned(),
        changed_at: 1,
        document: serde_json::to_string(&document).unwrap(),
    }
}

pub(super) fn revision(number: u8) -> String {
    format!("01987a5e-0c00-7000-8000-0000000000{number:02}")
}

pub(super) fn tag(name: impl std::fmt::Display) -> VersionTag {
    VersionTag::new(name)
}
