//! The public listener.

mod meta;
mod one_click;
mod twilio;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use vendzz_runtime::http::{BodyLimits, Problem, measured};
use vendzz_schemas::campaign::Channel;

use super::events::{InboundTaken, ReportTaken, StoreFailed};
use super::opt_out::is_opt_out;
use super::report::Report;
use super::report_store::ReportStore;
use super::{PublicUrl, UnsubscribeKey, refusals};
use crate::permissions::{Contact, Key, Permissions};
use crate::providers::Senders;

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Hooks {
    pub(super) senders: Arc<Senders>,
    pub(super) public_url: Arc<PublicUrl>,
    pub(super) unsubscribe_key: UnsubscribeKey,
    pub(super) permissions: Permissions,
    pub(super) reports: ReportStore,
    pub(super) body_limits: BodyLimits,
}

pub(super) fn router(hooks: Hooks) -> Router {
    Router::new()
        .route(
            "/webhooks/{account}/{provider}",
            get(meta::verify).post(meta::receive).fallback(async || only("GET, HEAD, POST")),
        )
        .route("/webhooks/{account}/{provider}/report", post(twilio::report).fallback(async || only("POST")))
        .route(
            "/webhooks/{account}/{provider}/inbound",
            post(twilio::inbound).fallback(async || only("POST")),
        )
        .route(
            "/unsubscribe/{token}",
            get(one_click::ask).post(one_click::unsubscribe).fallback(async || only("GET, HEAD, POST")),
        )
        .fallback(async || refusals::no_such_place())
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(from_fn(measure))
        .with_state(hooks)
}

fn only(allow: &'static str) -> Problem {
    Problem::method_not_allowed(allow)
}

async fn measure(request: Request, next: Next) -> Response {
    let route = route_label(request.method(), request.uri().path());
    measured(route, request, next).await
}

/// A label with few values, whatever strangers ask for.
fn route_label(method: &Method, path: &str) -> &'static str {
    let places: Vec<&str> = path.split('/').skip(1).take(5).collect();
    match (method, places.as_slice()) {
        (&Method::POST, ["webhooks", _, _]) => "webhook_meta",
        (_, ["webhooks", _, _]) => "webhook_verify",
        (_, ["webhooks", _, _, "report"]) => "webhook_report",
        (_, ["webhooks", _, _, "inbound"]) => "webhook_inbound",
        (_, ["unsubscribe", _]) => "unsubscribe",
        _ => "webhook_other",
    }
}

impl Hooks {
    /// Applies a report and tells what became of it.
    async fn take_report(
        &self,
        kind: &'static str,
        account: &str,
        provider: &str,
        report: &Report,
    ) -> Result<(), Problem> {
        let applied = self.reports.apply(account, provider, report).await.map_err(|error| {
            StoreFailed { doing: "a report", error: &error }.emit();
            refusals::unavailable()
        })?;
        let Report { message_id, report, .. } = report;
        ReportTaken { kind, account, message_id: *message_id, report: report.word(), applied }.emit();
        Ok(())
    }

    /// Suppresses who sent an opt-out word; everything else is passed over.
    async fn take_inbound(&self, kind: &'static str, inbound: Inbound<'_>) -> Result<(), Problem> {
        let outcome = self.outcome_of(&inbound).await?;
        InboundTaken { kind, account: inbound.account, outcome }.emit();
        Ok(())
    }

    async fn outcome_of(&self, inbound: &Inbound<'_>) -> Result<&'static str, Problem> {
        if !inbound.is_opt_out && !is_opt_out(inbound.text) {
            return Ok("no_opt_out");
        }
        // Short codes and names have no number that could be written to.
        let Ok(contact) = Contact::parse(inbound.channel, inbound.from) else { return Ok("bad_contact") };
        let key = Key { account_id: inbound.account.to_owned(), channel: inbound.channel, contact };
        let is_first = self.permissions.opt_out_once(inbound.provider, inbound.reference, &key).await;
        let is_first = is_first.map_err(|error| {
            StoreFailed { doing: "an opt-out", error: &error }.emit();
            refusals::unavailable()
        })?;
        Ok(if is_first { "suppressed" } else { "repeated" })
    }
}

/// A message that somebody sent to an account, whichever provider brings it.
struct Inbound<'a> {
    account: &'a str,
    provider: &'a str,
    channel: Channel,
    from: &'a str,
    text: &'a str,
    reference: &'a str,
    /// The provider itself took it for an opt-out.
    is_opt_out: bool,
}
