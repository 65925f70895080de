//! Twilio's API of 2010-04-01: messages (docs/messaging/api/message-resource), calls (docs/voice/api/call-resource) and
//! errors (docs/usage/twilios-response, docs/api/errors).

use chrono::Utc;
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::acceptance::{Reply, State};
use super::accepted::{AcceptedLine, Channel, Provider, hash_of_recipient};
use super::faults::Fate;
use super::reports::{Subject, Webhook};
use super::requests::{Answer, Form, basic, is_e164};

const API_VERSION: &str = "2010-04-01";
const MAX_BODY_CHARS: usize = 1_600;
/// The event that is reported when none is asked for.
const LAST_CALL_EVENT: &str = "completed";

/// Which of the two resources is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Message,
    Call,
}

/// Answers a POST to an account's messages or calls.
pub(super) async fn create(
    state: &State,
    resource: Resource,
    sid: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Reply {
    let decision = state.decide(sid).await;
    let granted = basic(headers).and_then(|(user, token)| state.credentials.twilio(sid, &user, &token));
    let Some(auth_token) = granted else {
        let mut answer = error(StatusCode::UNAUTHORIZED, 20003, "Authenticate");
        answer.challenge = Some(r#"Basic realm="Twilio API""#);
        return Reply::Answer(answer);
    };
    match decision.fate {
        Fate::Dead => return Reply::Cut("unanswered"),
        Fate::CutBefore => return Reply::Cut("cutBefore"),
        Fate::TooMany => {
            let mut answer = error(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");
            answer.retry_after_seconds = decision.retry_after_seconds;
            return Reply::Answer(answer);
        }
        Fate::ServerError => {
            let what = "An internal server error has occurred";
            return Reply::Answer(error(StatusCode::INTERNAL_SERVER_ERROR, 20500, what));
        }
        Fate::Unavailable => {
            return Reply::Answer(error(StatusCode::SERVICE_UNAVAILABLE, 20503, "Service Unavailable"));
        }
        _ => {}
    }
    let form = Form::parse(body);
    let to = form.first("To");
    let webhook = match check(resource, &form) {
        Ok(webhook) => webhook,
        Err(refusal) => return Reply::Answer(refusal),
    };
    match decision.fate {
        Fate::Refused => return Reply::Answer(invalid_to(to)),
        Fate::OptedOut => {
            let what = "Attempt to send to unsubscribed recipient";
            return Reply::Answer(error(StatusCode::BAD_REQUEST, 21610, what));
        }
        _ => {}
    }
    let reference = format!("{}{}", resource.prefix(), Uuid::new_v4().simple());
    let line = AcceptedLine {
        provider: Provider::Twilio,
        message_id: webhook.as_ref().map(|webhook| webhook.parameter("message")).unwrap_or_default(),
        reference: reference.clone(),
        to_hash: hash_of_recipient(to),
        from: form.first("From").to_owned(),
        at_ms: Utc::now().timestamp_millis(),
    };
    let subject = webhook.map(|webhook| Subject {
        channel: line.channel(),
        message_id: line.message_id.clone(),
        reference: reference.clone(),
        to: to.to_owned(),
        from: line.from.clone(),
        account: sid.to_owned(),
        secret: auth_token,
        events: resource.events(&form),
        webhook,
    });
    let body = match resource {
        Resource::Message => message(sid, &reference, &form),
        Resource::Call => call(sid, &reference, &form),
    };
    state.accept(&line, subject, &decision, Answer::new(StatusCode::CREATED, body)).await
}

impl Resource {
    fn prefix(self) -> &'static str {
        match self {
            Self::Message => "SM",
            Self::Call => "CA",
        }
    }

    /// Of a call only the events asked for are reported; each parameter may name several.
    fn events(self, form: &Form) -> Option<Vec<String>> {
        if self == Self::Message {
            return None;
        }
        let words = form.all("StatusCallbackEvent").flat_map(str::split_whitespace);
        let mut events: Vec<String> = words.map(str::to_owned).collect();
        if events.is_empty() {
            events.push(LAST_CALL_EVENT.to_owned());
        }
        Some(events)
    }
}

/// Where reports go, or what is wrong.
fn check(resource: Resource, form: &Form) -> Result<Option<Webhook>, Answer> {
    let refused = |code, what: &str| Err(error(StatusCode::BAD_REQUEST, code, what));
    let (to, from, body) = (form.first("To"), form.first("From"), form.first("Body"));
    match resource {
        Resource::Message if to.is_empty() => return refused(21604, "A 'To' phone number is required."),
        Resource::Message if from.is_empty() && form.first("MessagingServiceSid").is_empty() => {
            return refused(21603, "A 'From' phone number is required.");
        }
        Resource::Message if body.is_empty() => return refused(21602, "Message body is required."),
        Resource::Message if body.chars().count() > MAX_BODY_CHARS => {
            return refused(21617, "The concatenated message body exceeds the 1600 character limit.");
        }
        Resource::Call if to.is_empty() => return refused(21201, "No 'To' number is specified"),
        Resource::Call if from.is_empty() => return refused(21213, "No 'From' number is specified"),
        Resource::Call if form.first("Url").is_empty() && form.first("Twiml").is_empty() => {
            return refused(21205, "Url parameter is required.");
        }
        _ => {}
    }
    if !is_e164(to) {
        return Err(invalid_to(to));
    }
    let url = form.first("StatusCallback");
    if url.is_empty() {
        return Ok(None);
    }
    match Webhook::parse(url) {
        Ok(webhook) => Ok(Some(webhook)),
        Err(_) => refused(21609, "The 'StatusCallback' URL is not a URL of this machine (loopback)."),
    }
}

fn invalid_to(to: &str) -> Answer {
    let what = format!("The 'To' number {to} is not a valid phone number.");
    error(StatusCode::BAD_REQUEST, 21211, &what)
}

/// docs/usage/twilios-response: `code`, `message`, `more_info` and `status`.
fn error(status: StatusCode, code: u32, message: &str) -> Answer {
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    });
    Answer::new(status, body)
}

fn message(sid: &str, reference: &str, form: &Form) -> Value {
    let uri = format!("/{API_VERSION}/Accounts/{sid}/Messages/{reference}");
    let now = Utc::now().to_rfc2822();
    let body = form.first("Body");
    json!({
        "account_sid": sid,
        "api_version": API_VERSION,
        "body": body,
        "date_created": now,
        "date_sent": null,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "from": form.first("From"),
        "messaging_service_sid": null,
        "num_media": "0",
        "num_segments": body.chars().count().div_ceil(153).max(1).to_string(),
        "price": null,
        "price_unit": null,
        "sid": reference,
        "status": "queued",
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": form.first("To"),
        "uri": format!("{uri}.json"),
    })
}

fn call(sid: &str, reference: &str, form: &Form) -> Value {
    let (to, from) = (form.first("To"), form.first("From"));
    json!({
        "account_sid": sid,
        "annotation": null,
        "answered_by": null,
        "api_version": API_VERSION,
        "caller_name": null,
        "date_created": null,
        "date_updated": null,
        "direction": "outbound-api",
        "duration": null,
        "end_time": null,
        "forwarded_from": null,
        "from": from,
        "from_formatted": from,
        "group_sid": null,
        "parent_call_sid": null,
        "phone_number_sid": null,
        "price": null,
        "price_unit": "USD",
        "sid": reference,
        "start_time": null,
        "status": "queued",
        "subresource_uris": {},
        "to": to,
        "to_formatted": to,
        "trunk_sid": null,
        "uri": format!("/{API_VERSION}/Accounts/{sid}/Calls/{reference}.json"),
        "queue_time": "0",
    })
}

/// Twilio's parameters of a status callback, unsigned.
pub(super) fn status_parameters(
    subject: &Subject,
    status: &str,
    error_code: Option<u32>,
    sequence: usize,
) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("AccountSid", subject.account.clone()),
        ("ApiVersion", API_VERSION.to_owned()),
        ("From", subject.from.clone()),
        ("To", subject.to.clone()),
    ];
    if subject.channel == Channel::Voice {
        parameters.extend([
            ("CallSid", subject.reference.clone()),
            ("CallStatus", status.to_owned()),
            ("CallbackSource", "call-progress-events".to_owned()),
            ("Direction", "outbound-api".to_owned()),
            ("SequenceNumber", sequence.to_string()),
            ("Timestamp", Utc::now().to_rfc2822()),
        ]);
        return parameters;
    }
    parameters.extend([
        ("MessageSid", subject.reference.clone()),
        ("MessageStatus", status.to_owned()),
        ("SmsSid", subject.reference.clone()),
        ("SmsStatus", status.to_owned()),
    ]);
    if let Some(code) = error_code {
        parameters.push(("ErrorCode", code.to_string()));
    }
    parameters
}
