//! What the admin API shows of a quiz.

use std::sync::Arc;

use serde_json::{Value, json};
use vendzz_schemas::events::{QuizDefinition, RetiredElement};

use super::super::definitions::Version;
use super::super::publisher::Changed;
use super::super::refusal::Refusal;
use super::Quizzes;

/// A version with its document and what was removed before it.
pub(in super::super) fn version(version: &Version<Quizzes>) -> Result<Value, Refusal> {
    let definition = &version.event;
    let document: Value = serde_json::from_str(&definition.document).map_err(|_| Refusal::Internal)?;
    let mut view = summary(definition, version.offset);
    view["document"] = document;
    view["retired"] = definition.retired.iter().map(retired).collect();
    Ok(view)
}

/// What a change led to.
pub(in super::super) fn changed(changed: &Changed<Quizzes>) -> Value {
    let mut view = summary(&changed.event, changed.offset);
    view["outcome"] = changed.outcome.word().into();
    view
}

/// One page; `page` holds one quiz more than `limit` when there is a next one.
pub(in super::super) fn list(page: &[Arc<Version<Quizzes>>], limit: usize) -> Value {
    let shown = &page[..page.len().min(limit)];
    let mut view = json!({ "quizzes": shown.iter().map(|version| entry(version)).collect::<Vec<_>>() });
    if page.len() > limit
        && let Some(last) = shown.last()
    {
        view["next"] = last.event.quiz_id.clone().into();
    }
    view
}

fn entry(version: &Version<Quizzes>) -> Value {
    let mut view = summary(&version.event, version.offset);
    view["title"] = version.headline.title.clone().into();
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
