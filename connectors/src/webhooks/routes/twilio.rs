use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use vendzz_runtime::http::Problem;
use vendzz_schemas::campaign::Channel;

use super::{Hooks, Inbound};
use crate::webhooks::body::read_whole;
use crate::webhooks::events::ReportPassedOver;
use crate::webhooks::refusals;
use crate::webhooks::secrets::{ProviderSecret, secret_of};
use crate::webhooks::twilio::{self, Form, Told, Unreadable};

const KIND: &str = "twilio";

/// No instructions: nothing is said to who wrote.
const EMPTY_TWIML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// `POST /webhooks/{account}/{provider}/report?message=ID`: a status callback of a message or of a call.
pub(super) async fn report(
    State(hooks): State<Hooks>,
    Path((account, provider)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = signed_form(&hooks, &account, &provider, &uri, &headers, body).await?;
    match twilio::report(uri.query().unwrap_or_default(), &form).map_err(unreadable)? {
        Told::Report(report) => hooks.take_report(KIND, &account, &provider, &report).await?,
        Told::UnknownStatus => {
            ReportPassedOver { kind: KIND, account: &account, outcome: "unknown_status" }.emit();
        }
    }
    Ok(().into_response())
}

/// `POST /webhooks/{account}/{provider}/inbound`: a message to a number of the account.
pub(super) async fn inbound(
    State(hooks): State<Hooks>,
    Path((account, provider)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = signed_form(&hooks, &account, &provider, &uri, &headers, body).await?;
    let told = twilio::inbound(&form).map_err(unreadable)?;
    let (channel, from) = match told.from.strip_prefix("whatsapp:") {
        Some(number) => (Channel::Whatsapp, number),
        None => (Channel::Sms, told.from),
    };
    let (text, reference, is_opt_out) = (told.body, told.reference, told.is_opt_out);
    let inbound =
        Inbound { account: &account, provider: &provider, channel, from, text, reference, is_opt_out };
    hooks.take_inbound(KIND, inbound).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))], EMPTY_TWIML).into_response())
}

async fn signed_form(
    hooks: &Hooks,
    account: &str,
    provider: &str,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
) -> Result<Form, Problem> {
    let form = Form::parse(&read_whole(body, &hooks.body_limits).await?);
    let auth_token = match secret_of(&hooks.senders, account, provider) {
        Some(ProviderSecret::Twilio { auth_token }) => Some(auth_token.reveal()),
        _ => None,
    };
    let path_and_query = uri.path_and_query().map_or("/", |whole| whole.as_str());
    let signature = headers.get("x-twilio-signature").map(HeaderValue::as_bytes);
    if !twilio::is_signed(auth_token, &hooks.public_url, path_and_query, &form, signature) {
        return Err(refusals::not_signed());
    }
    Ok(form)
}

fn unreadable(error: Unreadable) -> Problem {
    Problem::bad("bad_callback", "The callback cannot be read", error.to_string())
}
