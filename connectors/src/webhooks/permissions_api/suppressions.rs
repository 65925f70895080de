use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vendzz_runtime::http::Problem;

use super::lists::put_answer;
use super::{Api, Place, not_recorded, read_json, store_failed};
use crate::permissions::{Actor, Listed, Reason, Suppression};
use crate::webhooks::events::PermissionChanged;

/// The body of a PUT; without a body the reason is `person`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    reason: Reason,
}

/// 201 when it is new, 200 when the contact was suppressed already; both with the row that stands there.
pub(super) async fn put(State(api): State<Api>, Place(key): Place, body: Body) -> Result<Response, Problem> {
    let wanted: Option<Wanted> = read_json(&api, body).await?;
    let reason = wanted.map_or(Reason::Person, |wanted| wanted.reason);
    let written = api.permissions.suppress(&[(key.clone(), reason)], &Actor::api()).await;
    let is_new = written.map_err(store_failed(Suppression::NAME))?.new > 0;
    PermissionChanged { account: &key.account_id, action: "suppressed", is_new }.emit();
    put_answer::<Suppression>(&api, &key, is_new).await
}

pub(super) async fn delete(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    let lifted = api.permissions.lift(&key, Reason::Person, &Actor::api()).await;
    let is_new = lifted.map_err(store_failed(Suppression::NAME))?;
    PermissionChanged { account: &key.account_id, action: "unsuppressed", is_new }.emit();
    if !is_new {
        return Err(not_recorded());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
