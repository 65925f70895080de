use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vendzz_runtime::http::Problem;

use super::query::{Query, cursor};
use super::{Account, Api, ListPage, Place, json, not_recorded, read_json, store_failed};
use crate::permissions::{Actor, ConsentKey, ConsentState, Key, check_source};
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

pub(super) async fn list(
    State(api): State<Api>,
    Account(account): Account,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let filter = Query::parse(raw.as_deref(), &["channel", "after", "limit"])?.filter(account)?;
    let items = api.permissions.consents(&filter).await.map_err(store_failed("consents"))?;
    let is_full = items.len() == filter.limit as usize;
    let next = items.last().filter(|_| is_full).map(|last| cursor(&last.channel, &last.contact));
    Ok(json(StatusCode::OK, &ListPage { items, next }))
}

pub(super) async fn read(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    let found = api.permissions.consent(&key).await.map_err(store_failed("a consent"))?;
    Ok(json(StatusCode::OK, &found.ok_or_else(not_recorded)?))
}

/// 201 when the state is new, 200 when it was recorded already; both with the row that stands there.
pub(super) async fn put(State(api): State<Api>, Place(key): Place, body: Body) -> Result<Response, Problem> {
    let wanted: Option<Wanted> = read_json(&api, body).await?;
    let wanted = wanted.ok_or_else(|| bad_body("state and source are needed".to_owned()))?;
    let source = check_source(&wanted.source).map_err(|error| bad_body(format!("source {error}")))?;
    let is_new = record(&api, &key, wanted.state, source).await?;
    let found = api.permissions.consent(&key).await.map_err(store_failed("a consent"))?;
    let row = found.ok_or_else(not_recorded)?;
    Ok(json(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &row))
}

/// Withdraws: the row stays, and says so.
pub(super) async fn delete(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    let found = api.permissions.consent(&key).await.map_err(store_failed("a consent"))?;
    if found.is_none() {
        return Err(not_recorded());
    }
    record(&api, &key, ConsentState::Withdrawn, DELETE_SOURCE.to_owned()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn record(api: &Api, key: &Key, state: ConsentState, source: String) -> Result<bool, Problem> {
    let consent = ConsentKey { key: key.clone(), state, source };
    let written = api.permissions.record_consents(&[consent], &Actor::api()).await;
    let is_new = written.map_err(store_failed("a consent"))?.new > 0;
    PermissionChanged { account: &key.account_id, action: state.word(), is_new }.emit();
    Ok(is_new)
}
