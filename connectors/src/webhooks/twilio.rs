//! Twilio's webhooks: https://www.twilio.com/docs/usage/webhooks/webhooks-security (signature),
//! https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks and
//! https://www.twilio.com/docs/voice/api/call-resource (statuses).

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::PublicUrl;
use super::report::{RankedReport, Report, carrier_reason};
use crate::providers::CALLBACK_RETRIES;

/// No name of Twilio's is longer (a SID has 34 characters).
const MAX_REFERENCE_BYTES: usize = 64;

/// The parameters of a form (application/x-www-form-urlencoded), decoded, not yet known to be text.
pub(super) struct Form {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Form {
    /// Any bytes are a form; whether it is one that makes sense is asked later.
    pub(super) fn parse(body: &[u8]) -> Self {
        let pieces = body.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
        let pairs = pieces
            .map(|piece| {
                let equals = piece.iter().position(|byte| *byte == b'=');
                let (name, value) = match equals {
                    Some(at) => (&piece[..at], &piece[at + 1..]),
                    None => (piece, &[][..]),
                };
                (decoded(name), decoded(value))
            })
            .collect();
        Self { pairs }
    }

    /// The first value of a parameter. `Err` when it is not UTF-8.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, NotText> {
        let found = self.pairs.iter().find(|(key, _)| key == name.as_bytes());
        found.map(|(_, value)| std::str::from_utf8(value).map_err(|_| NotText)).transpose()
    }
}

/// A parameter that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match after {
                [high, low, after_code @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                    bytes.push((hex(*high).unwrap_or(0) << 4) | hex(*low).unwrap_or(0));
                    rest = after_code;
                }
                _ => bytes.push(b'%'),
            },
            other => bytes.push(*other),
        }
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// `X-Twilio-Signature` of a POST: base64 of HMAC-SHA1, under the account's auth token, over the URL with its
/// query and each parameter's name and value, in the order of their bytes; of equal pairs one counts, as in
/// Twilio's own libraries.
pub fn signature(auth_token: &str, url: &str, body: &[u8]) -> String {
    STANDARD.encode(digest(auth_token, url, &Form::parse(body)))
}

fn digest(auth_token: &str, url: &str, form: &Form) -> [u8; 20] {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    let sorted: BTreeSet<&(Vec<u8>, Vec<u8>)> = form.pairs.iter().collect();
    for (name, value) in sorted {
        mac.update(name);
        mac.update(value);
    }
    mac.finalize().into_bytes().into()
}

/// Whether Twilio sent this to `path_and_query` below the public URL. `auth_token` is absent for an account or
/// provider that does not exist: that takes as long, and is never true.
///
/// What Twilio was given ends in [`CALLBACK_RETRIES`], which is no part of a request. Signatures are known to leave it
/// out; Twilio's pages only say "the URL", so one over the whole of it counts too: nobody else can make either.
pub(super) fn is_signed(
    auth_token: Option<&str>,
    public_url: &PublicUrl,
    path_and_query: &str,
    form: &Form,
    signature: Option<&[u8]>,
) -> bool {
    let sent = signature.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let mut is_right = subtle::Choice::from(0);
    for url in public_url.spellings(path_and_query) {
        for url in [format!("{url}{CALLBACK_RETRIES}"), url] {
            is_right |= digest(auth_token.unwrap_or("nobody"), &url, form).ct_eq(sent.as_slice());
        }
    }
    bool::from(is_right) && auth_token.is_some()
}

/// What a status callback comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Report(Report),
    /// Providers add statuses: nothing to be done, and no mistake of the caller.
    UnknownStatus,
}

/// Why a callback that Twilio signed cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the query must be message=ID with the id of a message")]
    NoMessage,
    #[error("a parameter is not UTF-8")]
    NotText,
    #[error("MessageSid and MessageStatus, or CallSid and CallStatus, are needed")]
    NoStatus,
    #[error("From and MessageSid are needed")]
    NoSender,
}

impl From<NotText> for Unreadable {
    fn from(_: NotText) -> Self {
        Self::NotText
    }
}

/// Reads a status callback of a message or of a call. `query` is that of our own report URL.
pub(super) fn report(query: &str, form: &Form) -> Result<Told, Unreadable> {
    let message_id = message_in(query).ok_or(Unreadable::NoMessage)?;
    let (reference, word, reason) = match (form.get("MessageSid")?, form.get("CallSid")?) {
        (Some(reference), _) => {
            let status = form.get("MessageStatus")?.ok_or(Unreadable::NoStatus)?;
            let reason = carrier_reason(form.get("ErrorCode")?.unwrap_or_default());
            (reference, of_message(status), reason)
        }
        (None, Some(reference)) => {
            let status = form.get("CallStatus")?.ok_or(Unreadable::NoStatus)?;
            (reference, of_call(status), call_reason(status).to_owned())
        }
        (None, None) => return Err(Unreadable::NoStatus),
    };
    if !is_reference(reference) {
        return Err(Unreadable::NoStatus);
    }
    let Some(report) = word else { return Ok(Told::UnknownStatus) };
    let reason = if report == RankedReport::Undelivered { reason } else { String::new() };
    Ok(Told::Report(Report { message_id, report, reference: reference.to_owned(), reason }))
}

fn message_in(query: &str) -> Option<Uuid> {
    let mut ids = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "message");
    let id = ids.next()?.1;
    if id.len() != 36 {
        return None;
    }
    Uuid::try_parse(&id).ok()
}

fn is_reference(text: &str) -> bool {
    (1..=MAX_REFERENCE_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn of_message(status: &str) -> Option<RankedReport> {
    match status {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(RankedReport::Carried),
        "delivered" => Some(RankedReport::Delivered),
        "undelivered" | "failed" | "canceled" => Some(RankedReport::Undelivered),
        "read" => Some(RankedReport::Read),
        _ => None,
    }
}

fn of_call(status: &str) -> Option<RankedReport> {
    match status {
        "queued" | "initiated" | "ringing" | "in-progress" => Some(RankedReport::Carried),
        "completed" => Some(RankedReport::Delivered),
        "busy" | "no-answer" | "failed" | "canceled" => Some(RankedReport::Undelivered),
        _ => None,
    }
}

fn call_reason(status: &str) -> &'static str {
    match status {
        "busy" => "busy",
        "no-answer" => "no_answer",
        "failed" => "call_failed",
        "canceled" => "canceled",
        _ => "",
    }
}

/// A message that somebody sent to a number of the account.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Inbound<'a> {
    /// As Twilio writes it; `whatsapp:+…` for that channel.
    pub(super) from: &'a str,
    pub(super) body: &'a str,
    pub(super) reference: &'a str,
    /// Twilio itself took it for an opt-out (`OptOutType`, Advanced Opt-Out).
    pub(super) is_opt_out: bool,
}

pub(super) fn inbound(form: &Form) -> Result<Inbound<'_>, Unreadable> {
    let reference = form.get("MessageSid")?.unwrap_or_default();
    let from = form.get("From")?.ok_or(Unreadable::NoSender)?;
    if !is_reference(reference) {
        return Err(Unreadable::NoSender);
    }
    let body = form.get("Body")?.unwrap_or_default();
    Ok(Inbound { from, body, reference, is_opt_out: form.get("OptOutType")? == Some("STOP") })
}

#[cfg(test)]
#[path = "twilio_tests.rs"]
mod tests;
