//! What the admin API shows of a quiz.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderName};
use serde_json::{Value, json};
use vendzz_schemas::events::{QuizDefinition, RetiredElement};

use super::definitions::Version;
use super::precondition::entity_tag;
use super::publisher::{Changed, Outcome};
use super::refusal::Refusal;

/// A version with its document and what was removed before it.
pub(super) fn version(version: &Version) -> Result<Value, Refusal> {
    let definition = &version.definition;
    let document: Value = serde_json::from_str(&definition.document).map_err(|_| Refusal::Internal)?;
    let mut view = summary(definition, version.number);
    view["document"] = document;
    view["retired"] = definition.retired.iter().map(retired).collect();
    Ok(view)
}

/// What a change led to.
pub(super) fn changed(changed: &Changed) -> Value {
    let mut view = summary(&changed.definition, changed.version);
    view["outcome"] = changed.outcome.word().into();
    view
}

pub(super) fn status(changed: &Changed) -> StatusCode {
    match changed.outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Updated | Outcome::Unchanged => StatusCode::OK,
    }
}

/// One page; `page` holds one quiz more than `limit` when there is a next one.
pub(super) fn list(page: &[(String, Arc<Version>)], limit: usize) -> Value {
    let shown = &page[..page.len().min(limit)];
    let quizzes: Vec<Value> = shown.iter().map(|(_, version)| entry(version)).collect();
    let next = (page.len() > limit).then(|| shown.last().map(|(quiz_id, _)| quiz_id)).flatten();
    match next {
        Some(next) => json!({ "quizzes": quizzes, "next": next }),
        None => json!({ "quizzes": quizzes }),
    }
}

/// The version as an entity tag. It may be kept, but must be asked for again each time.
pub(super) fn tag_headers(version: i64) -> [(HeaderName, String); 2] {
    [(ETAG, entity_tag(version)), (CACHE_CONTROL, "private, no-cache".to_owned())]
}

fn entry(version: &Version) -> Value {
    let mut view = summary(&version.definition, version.number);
    view["title"] = version.title.clone().into();
    view
}

fn summary(definition: &QuizDefinition, version: i64) -> Value {
    json!({
        "quizId": definition.quiz_id,
        "accountId": definition.account_id,
        "state": definition.state,
        "version": version,
        "changedAt": definition.changed_at,
    })
}

fn retired(element: &RetiredElement) -> Value {
    json!({
        "elementId": element.element_id,
        "elementType": element.element_type,
        "choices": element.choices,
    })
}
