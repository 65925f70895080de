//! Meta's Cloud API for WhatsApp: messages
//! (developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages), errors
//! (…/whatsapp/support/error-codes) and statuses (…/whatsapp/webhooks/reference/messages/status).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::acceptance::{Reply, State};
use super::accepted::{AcceptedLine, Channel, Provider, hash_of_recipient};
use super::credentials::{MetaAccess, MetaNumber};
use super::faults::Fate;
use super::reports::{Subject, Webhook};
use super::requests::{Answer, bearer, is_e164};

const MAX_TEXT_CHARS: usize = 4_096;

/// Answers a POST to a number's messages.
pub(super) async fn send(state: &State, number_id: &str, headers: &HeaderMap, body: &[u8]) -> Reply {
    let decision = state.decide(number_id).await;
    let number = match state.credentials.meta(number_id, bearer(headers).unwrap_or_default()) {
        MetaAccess::Granted(number) => number,
        MetaAccess::UnknownToken => {
            let what = "Invalid OAuth access token - Cannot parse access token";
            return Reply::Answer(error(StatusCode::UNAUTHORIZED, 190, what, ""));
        }
        MetaAccess::UnknownNumber => {
            let what = format!(
                "Unsupported post request. Object with ID '{number_id}' does not exist, cannot be loaded due to \
                 missing permissions, or does not support this operation"
            );
            return Reply::Answer(error(StatusCode::BAD_REQUEST, 100, &what, ""));
        }
    };
    match decision.fate {
        Fate::Dead => return Reply::Cut("unanswered"),
        Fate::CutBefore => return Reply::Cut("cutBefore"),
        Fate::TooMany => {
            let mut answer = too_many();
            answer.retry_after_seconds = decision.retry_after_seconds;
            return Reply::Answer(answer);
        }
        Fate::ServerError => {
            let details = "Message failed to send due to an unknown error.";
            let what = "(#131000) Something went wrong";
            return Reply::Answer(error(StatusCode::INTERNAL_SERVER_ERROR, 131_000, what, details));
        }
        Fate::Unavailable => {
            let what = "(#2) Service temporarily unavailable";
            return Reply::Answer(error(StatusCode::SERVICE_UNAVAILABLE, 2, what, ""));
        }
        _ => {}
    }
    let (message, to) = match check(body) {
        Ok(checked) => checked,
        Err(refusal) => return Reply::Answer(refusal),
    };
    let is_template = message["type"] == "template";
    match decision.fate {
        Fate::Refused if is_template => {
            let (what, details) = ("(#132001) Template name does not exist in the translation", "");
            return Reply::Answer(error(StatusCode::NOT_FOUND, 132_001, what, details));
        }
        Fate::Refused => {
            let details = "Message failed to send because more than 24 hours have passed since the customer \
                           last replied to this number.";
            let what = "(#131047) Re-engagement message";
            return Reply::Answer(error(StatusCode::BAD_REQUEST, 131_047, what, details));
        }
        Fate::OptedOut => {
            let what = "(#131050) User has stopped receiving marketing messages from the business";
            return Reply::Answer(error(StatusCode::BAD_REQUEST, 131_050, what, ""));
        }
        _ => {}
    }
    let reference = format!(
        "wamid.{}",
        STANDARD.encode([*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat())
    );
    let line = AcceptedLine {
        provider: Provider::Meta,
        message_id: message["biz_opaque_callback_data"].as_str().unwrap_or_default().to_owned(),
        reference: reference.clone(),
        to_hash: hash_of_recipient(&to),
        from: number_id.to_owned(),
        at_ms: Utc::now().timestamp_millis(),
    };
    let subject = webhook_of(state, &number).map(|webhook| Subject {
        channel: Channel::Whatsapp,
        message_id: line.message_id.clone(),
        reference: reference.clone(),
        to: to.trim_start_matches('+').to_owned(),
        from: number_id.to_owned(),
        account: number_id.to_owned(),
        secret: number.app_secret.clone(),
        events: None,
        webhook,
    });
    let mut sent = json!({ "id": reference });
    if is_template {
        sent["message_status"] = json!("accepted");
    }
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": message["to"], "wa_id": to.trim_start_matches('+') }],
        "messages": [sent],
    });
    state.accept(&line, subject, &decision, Answer::new(StatusCode::OK, body)).await
}

/// Its URL was checked with account and provider in it when the simulator began.
fn webhook_of(state: &State, number: &MetaNumber) -> Option<Webhook> {
    let url = state.meta_webhook.as_ref()?;
    let url = url.replace("{account}", &number.account).replace("{provider}", &number.provider);
    Webhook::parse(&url).ok()
}

/// Both limits that a client may meet. Meta's documents have had 429 and 400 for these: the code is what counts.
fn too_many() -> Answer {
    if Uuid::new_v4().as_bytes()[0].is_multiple_of(2) {
        let details = "Message failed to send because there were too many messages sent from this phone number \
                       in a short period of time";
        return error(StatusCode::TOO_MANY_REQUESTS, 130_429, "(#130429) Rate limit hit", details);
    }
    let details = "Message failed to send because there were too many messages sent from this phone number to \
                   the same phone number in a short period of time";
    let what = "(#131056) (Business Account, Consumer Account) pair rate limit hit";
    error(StatusCode::BAD_REQUEST, 131_056, what, details)
}

/// The message, and its recipient as E.164.
fn check(body: &[u8]) -> Result<(Value, String), Answer> {
    let refused = |what: &str, details: &str| {
        let what = format!("(#100) {what}");
        Err(error(StatusCode::BAD_REQUEST, 100, &what, details))
    };
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return refused("Invalid parameter", "The body is not JSON.");
    };
    if message["messaging_product"] != "whatsapp" {
        return refused("The parameter messaging_product is required.", "");
    }
    let Some(to) = message["to"].as_str() else { return refused("The parameter to is required.", "") };
    let to = format!("+{}", to.trim_start_matches('+'));
    if !is_e164(&to) {
        let what = "(#131009) Parameter value is not valid";
        return Err(error(StatusCode::BAD_REQUEST, 131_009, what, "The recipient is no phone number."));
    }
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    match message["type"].as_str().unwrap_or("text") {
        "text" if text("/text/body").is_empty() => refused("The parameter text['body'] is required.", ""),
        "text" if text("/text/body").chars().count() > MAX_TEXT_CHARS => {
            refused("Invalid parameter", "Param text['body'] must be at most 4096 characters long.")
        }
        "template" if text("/template/name").is_empty() || text("/template/language/code").is_empty() => {
            refused("The parameters template['name'] and template['language'] are required.", "")
        }
        "text" | "template" => Ok((message, to)),
        _ => refused("Invalid parameter", "This simulator knows messages of type text and template."),
    }
}

fn error(status: StatusCode, code: u32, message: &str, details: &str) -> Answer {
    let mut error = json!({
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "A0simulated",
    });
    if !details.is_empty() {
        error["error_data"] = json!({ "messaging_product": "whatsapp", "details": details });
    }
    Answer::new(status, json!({ "error": error }))
}

/// The body of one status, unsigned.
pub(super) fn status_body(subject: &Subject, status: &str, error_code: Option<u32>) -> Value {
    let mut of_message = json!({
        "id": subject.reference,
        "status": status,
        "timestamp": Utc::now().timestamp().to_string(),
        "recipient_id": subject.to,
        "biz_opaque_callback_data": subject.message_id,
    });
    if let Some(code) = error_code {
        of_message["errors"] = json!([{
            "code": code,
            "title": "Message undeliverable",
            "message": "Message undeliverable",
            "error_data": { "details": "Message Undeliverable." },
        }]);
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": "102290129340398",
            "changes": [{
                "value": {
                    "messaging_product": "whatsapp",
                    "metadata": { "display_phone_number": "15550783881", "phone_number_id": subject.account },
                    "statuses": [of_message],
                },
                "field": "messages",
            }],
        }],
    })
}
