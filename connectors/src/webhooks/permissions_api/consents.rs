use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vendzz_runtime::http::Problem;

use super::lists::{put_answer, standing};
use super::{Api, Place, read_json, store_failed};
use crate::permissions::{Actor, Consent, ConsentKey, ConsentState, Key, Listed, check_source};
use crate::webhooks::events::PermissionChanged;
use crate::webhooks::refusals::bad_body;

/// The body of a PUT.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: ConsentState,
    source: String,
}

/// What a withdrawal by DELETE says of its source.
const DELETE_SOURCE: &str = "api";

/// 201 when the state is new, 200 when it was recorded already; both with the row that stands there.
pub(super) async fn put(State(api): State<Api>, Place(key): Place, body: Body) -> Result<Response, Problem> {
    let wanted: Option<Wanted> = read_json(&api, body).await?;
    let wanted = wanted.ok_or_else(|| bad_body("state and source are needed".to_owned()))?;
    let source = check_source(&wanted.source).map_err(|error| bad_body(format!("source {error}")))?;
    let is_new = record(&api, &key, wanted.state, source).await?;
    put_answer::<Consent>(&api, &key, is_new).await
}

/// Withdraws: the row stays, and says so.
pub(super) async fn delete(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    standing::<Consent>(&api, &key).await?;
    record(&api, &key, ConsentState::Withdrawn, DELETE_SOURCE.to_owned()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn record(api: &Api, key: &Key, state: ConsentState, source: String) -> Result<bool, Problem> {
    let consent = ConsentKey { key: key.clone(), state, source };
    let written = api.permissions.record_consents(&[consent], &Actor::api()).await;
    let is_new = written.map_err(store_failed(Consent::NAME))?.new > 0;
    PermissionChanged { account: &key.account_id, action: state.word(), is_new }.emit();
    Ok(is_new)
}
