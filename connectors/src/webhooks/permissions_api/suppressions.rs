use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vendzz_runtime::http::Problem;

use super::query::{Query, cursor};
use super::{Account, Api, ListPage, Place, json, not_recorded, read_json, store_failed};
use crate::permissions::{Actor, Reason};
use crate::webhooks::events::PermissionChanged;

/// The body of a PUT; without a body the reason is `person`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    reason: Reason,
}

pub(super) async fn list(
    State(api): State<Api>,
    Account(account): Account,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let filter = Query::parse(raw.as_deref(), &["channel", "after", "limit"])?.filter(account)?;
    let items = api.permissions.suppressions(&filter).await.map_err(store_failed("suppressions"))?;
    let is_full = items.len() == filter.limit as usize;
    let next = items.last().filter(|_| is_full).map(|last| cursor(&last.channel, &last.contact));
    Ok(json(StatusCode::OK, &ListPage { items, next }))
}

pub(super) async fn read(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    let found = api.permissions.suppression(&key).await.map_err(store_failed("a suppression"))?;
    Ok(json(StatusCode::OK, &found.ok_or_else(not_recorded)?))
}

/// 201 when it is new, 200 when the contact was suppressed already; both with the row that stands there.
pub(super) async fn put(State(api): State<Api>, Place(key): Place, body: Body) -> Result<Response, Problem> {
    let wanted: Option<Wanted> = read_json(&api, body).await?;
    let reason = wanted.map_or(Reason::Person, |wanted| wanted.reason);
    let written = api.permissions.suppress(&[(key.clone(), reason)], &Actor::api()).await;
    let is_new = written.map_err(store_failed("a suppression"))?.new > 0;
    PermissionChanged { account: &key.account_id, action: "suppressed", is_new }.emit();
    let found = api.permissions.suppression(&key).await.map_err(store_failed("a suppression"))?;
    // Lifted by somebody else at this moment.
    let row = found.ok_or_else(not_recorded)?;
    Ok(json(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &row))
}

pub(super) async fn delete(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    let lifted = api.permissions.lift(&key, Reason::Person, &Actor::api()).await;
    let is_new = lifted.map_err(store_failed("a suppression"))?;
    PermissionChanged { account: &key.account_id, action: "unsuppressed", is_new }.emit();
    if !is_new {
        return Err(not_recorded());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
