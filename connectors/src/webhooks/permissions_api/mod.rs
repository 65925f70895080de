//! The API of consent and suppression, behind a bearer token, on a listener of its own.

mod consents;
mod lists;
mod query;
mod suppressions;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_http::catch_panic::CatchPanicLayer;
use vendzz_runtime::http::{BearerToken, BodyLimits, Problem, measured, require_token};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::ids::check_name;
use vendzz_schemas::json::parse_strict;

use super::body::read_whole;
use super::events::StoreFailed;
use super::refusals;
use crate::permissions::{AuditEntry, Consent, Contact, Key, Permissions, Suppression};
use lists::{ListPage, list, read};
use query::Query;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) permissions: Permissions,
    pub(super) token: BearerToken,
    pub(super) body_limits: BodyLimits,
}

pub(super) fn router(api: Api) -> Router {
    Router::new()
        .route(
            "/api/accounts/{account}/suppressions",
            get(list::<Suppression>).fallback(async || Problem::method_not_allowed("GET, HEAD")),
        )
        .route(
            "/api/accounts/{account}/suppressions/{channel}/{contact}",
            get(read::<Suppression>)
                .put(suppressions::put)
                .delete(suppressions::delete)
                .fallback(async || Problem::method_not_allowed("GET, HEAD, PUT, DELETE")),
        )
        .route(
            "/api/accounts/{account}/consents",
            get(list::<Consent>).fallback(async || Problem::method_not_allowed("GET, HEAD")),
        )
        .route(
            "/api/accounts/{account}/consents/{channel}/{contact}",
            get(read::<Consent>)
                .put(consents::put)
                .delete(consents::delete)
                .fallback(async || Problem::method_not_allowed("GET, HEAD, PUT, DELETE")),
        )
        .route(
            "/api/accounts/{account}/audit",
            get(audit).fallback(async || Problem::method_not_allowed("GET, HEAD")),
        )
        .fallback(async || refusals::no_such_place())
        .layer(from_fn_with_state(api.token.clone(), require_token))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(from_fn(measure))
        .with_state(api)
}

async fn measure(request: Request, next: Next) -> Response {
    let place = request.uri().path().split('/').nth(4).unwrap_or_default();
    let route = match place {
        "suppressions" => "permissions_suppressions",
        "consents" => "permissions_consents",
        "audit" => "permissions_audit",
        _ => "permissions_other",
    };
    measured(route, request, next).await
}

/// JSON that is never kept by caches.
fn json(status: StatusCode, value: &impl Serialize) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], Json(value)).into_response()
}

/// The account in the path.
struct Account(String);

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(places) = Path::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| bad_path("the path is not UTF-8"))?;
        let account = places.into_iter().find(|(name, _)| name == "account").map(|(_, value)| value);
        checked_account(account.unwrap_or_default()).map(Self)
    }
}

fn checked_account(account: String) -> Result<String, Problem> {
    check_name(&account).map_err(|error| bad_path(format!("an account {error}")))?;
    Ok(account)
}

/// Account, channel and contact in the path.
struct Place(Key);

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((account, channel, contact)) =
            Path::<(String, String, String)>::from_request_parts(parts, state)
                .await
                .map_err(|_| bad_path("the path is not UTF-8"))?;
        let account_id = checked_account(account)?;
        let channel = Channel::from_wire(&channel)
            .ok_or_else(|| bad_path("the channel must be sms, email, whatsapp or voice"))?;
        let contact =
            Contact::parse(channel, &contact).map_err(|error| bad_path(format!("the contact {error}")))?;
        Ok(Self(Key { account_id, channel, contact }))
    }
}

fn bad_path(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::bad("bad_path", "The address names nothing that can be", detail)
}

fn store_failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Problem {
    move |error| {
        StoreFailed { doing, error: &error }.emit();
        refusals::unavailable()
    }
}

fn not_recorded() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_recorded",
        "Nothing is recorded",
        "There is no such row for this account, channel and contact.",
    )
}

/// Reads a JSON body of known members. The document is not repeated in the answer.
async fn read_json<T: DeserializeOwned>(api: &Api, body: Body) -> Result<Option<T>, Problem> {
    let bytes = read_whole(body, &api.body_limits).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let value = parse_strict(&bytes).map_err(|problem| {
        Problem::bad(
            "bad_json",
            "The body is not acceptable JSON",
            format!("{} at \"{}\"", problem.code, problem.pointer),
        )
    })?;
    let read = serde_json::from_value(value);
    read.map(Some).map_err(|error| refusals::bad_body(error.to_string()))
}

/// `GET /api/accounts/{account}/audit?contact=…&after=…`
async fn audit(
    State(api): State<Api>,
    Account(account): Account,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(raw.as_deref(), &["contact", "after", "limit"])?;
    let contact = query.get("contact").ok_or_else(|| Query::bad("contact", "is needed"))?;
    let contact = Contact::parse_any(contact).map_err(|error| Query::bad("contact", &error.to_string()))?;
    let after = match query.get("after") {
        Some(text) => text.parse().map_err(|_| Query::bad("after", "must be next of the page before"))?,
        None => 0,
    };
    let limit = query.limit()?;
    let entries = api.permissions.audit(&account, contact.as_str(), after, limit).await;
    let items: Vec<AuditEntry> = entries.map_err(store_failed("the audit"))?;
    let is_full = items.len() == limit as usize;
    let next = items.last().filter(|_| is_full).map(|last| last.entry.to_string());
    Ok(json(StatusCode::OK, &ListPage { items, next }))
}
