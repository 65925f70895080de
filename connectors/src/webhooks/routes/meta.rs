use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use vendzz_runtime::http::Problem;
use vendzz_schemas::campaign::Channel;

use super::{Hooks, Inbound};
use crate::webhooks::body::read_whole;
use crate::webhooks::events::ReportPassedOver;
use crate::webhooks::meta::{self, Told};
use crate::webhooks::refusals;
use crate::webhooks::secrets::{ProviderSecret, secret_of};

const KIND: &str = "meta";

/// Tellings of one body that are taken at the same time.
const AT_ONCE: usize = 100;

/// `GET /webhooks/{account}/{provider}`: Meta's verification of the address.
pub(super) async fn verify(
    State(hooks): State<Hooks>,
    Path((account, provider)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query: Vec<(String, String)> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let verify_token = match secret_of(&hooks.senders, &account, &provider) {
        Some(ProviderSecret::Meta { verify_token, .. }) => Some(verify_token.reveal()),
        _ => None,
    };
    let challenge = meta::challenge(&query, verify_token).ok_or_else(refusals::not_signed)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, challenge.to_owned()).into_response())
}

/// `POST /webhooks/{account}/{provider}`: statuses and messages, several at once. What cannot be read is counted
/// and harms nothing beside it; after a failure of the store Meta sends all again.
pub(super) async fn receive(
    State(hooks): State<Hooks>,
    Path((account, provider)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = read_whole(body, &hooks.body_limits).await?;
    let app_secret = match secret_of(&hooks.senders, &account, &provider) {
        Some(ProviderSecret::Meta { app_secret, .. }) => Some(app_secret.reveal()),
        _ => None,
    };
    let signature = headers.get("x-hub-signature-256").map(HeaderValue::as_bytes);
    if !meta::is_signed(app_secret, &body, signature) {
        return Err(refusals::not_signed());
    }
    // The parser's own words may repeat the body.
    let body: Value = serde_json::from_slice(&body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::bad("bad_json", "The body is not JSON", place)
    })?;
    // At once: the store applies together what comes together.
    futures::stream::iter(meta::tellings(&body))
        .map(|told| take(&hooks, &account, &provider, told))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(().into_response())
}

async fn take(hooks: &Hooks, account: &str, provider: &str, told: Told) -> Result<(), Problem> {
    let passed_over = |outcome| ReportPassedOver { kind: KIND, account, outcome }.emit();
    match told {
        Told::Report(report) => hooks.take_report(KIND, account, provider, &report).await?,
        Told::Inbound { from, text, reference } => {
            let inbound = Inbound {
                account,
                provider,
                channel: Channel::Whatsapp,
                from: &format!("+{from}"),
                text: &text,
                reference: &reference,
                is_opt_out: false,
            };
            hooks.take_inbound(KIND, inbound).await?;
        }
        Told::UnknownStatus => passed_over("unknown_status"),
        Told::ForeignStatus => passed_over("foreign"),
        Told::Unreadable => passed_over("unreadable"),
    }
    Ok(())
}
