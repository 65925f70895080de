//! What both lists answer alike.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use vendzz_runtime::http::Problem;

use super::query::{Query, cursor};
use super::{Account, Api, Place, json, not_recorded, store_failed};
use crate::permissions::{Key, Listed};

/// A page of a list.
#[derive(Serialize)]
pub(super) struct ListPage<T> {
    pub(super) items: Vec<T>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

pub(super) async fn list<R: Listed>(
    State(api): State<Api>,
    Account(account): Account,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let filter = Query::parse(raw.as_deref(), &["channel", "after", "limit"])?.filter(account)?;
    let items = api.permissions.page::<R>(&filter).await.map_err(store_failed(R::NAME))?;
    let is_full = items.len() == filter.limit as usize;
    let next = items.last().filter(|_| is_full).map(|last| {
        let [_, channel, contact] = last.place();
        cursor(channel, contact)
    });
    Ok(json(StatusCode::OK, &ListPage { items, next }))
}

pub(super) async fn read<R: Listed>(State(api): State<Api>, Place(key): Place) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, &standing::<R>(&api, &key).await?))
}

/// After a PUT: the row that stands there, with 201 when it is new. 404 when somebody else has lifted it at this moment.
pub(super) async fn put_answer<R: Listed>(api: &Api, key: &Key, is_new: bool) -> Result<Response, Problem> {
    let row: R = standing(api, key).await?;
    Ok(json(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &row))
}

pub(super) async fn standing<R: Listed>(api: &Api, key: &Key) -> Result<R, Problem> {
    let found = api.permissions.row(key).await.map_err(store_failed(R::NAME))?;
    found.ok_or_else(not_recorded)
}
