use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::providers::Outcome;
use crate::providers::http::HttpAnswer;
use crate::providers::meaning::{Meaning, accepted, by_code, by_status};

use Meaning::{Away, Later, Limit, OptedOut, Refused, Sender};

/// A sender may write to the same recipient once in six seconds:
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/overview>, pair rate limits.
const PAIR_RATE_LIMIT: u32 = 131056;
const PAIR_PAUSE: Duration = Duration::from_secs(6);

/// `error.code`, from <https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes>
/// ("build your app's error handling logic around `code` values"). Not here, and so unknown: 1 ("invalid request or
/// possible server error"), 2 and 131016 (temporarily unavailable), 131000 (unknown error), 131057 (maintenance).
const CODES: &[(u32, Meaning)] = &[
    // AuthException: unable to authenticate the app user.
    (0, Away("credentials")),
    // API method: capability or permissions issue. Documented with status 500.
    (3, Away("credentials")),
    // API too many calls: the app has reached its rate limit.
    (4, Limit("rate_limited")),
    // Permission denied.
    (10, Away("credentials")),
    // The business phone number has been deleted.
    (33, Sender),
    // Invalid parameter; with the subcode of an unknown object, of the sender.
    (INVALID_PARAMETER, Refused("invalid_request")),
    // Access token has expired.
    (190, Away("credentials")),
    // The account has been restricted or disabled for violating a platform policy.
    (368, Away("account")),
    // The account has reached its rate limit.
    (80007, Limit("rate_limited")),
    // Cloud API message throughput has been reached.
    (130429, Limit("rate_limited")),
    // Message was not sent as part of an experiment.
    (130472, Refused("experiment")),
    // The account is restricted from messaging users in certain countries.
    (130497, Refused("region")),
    // Access denied: permission not granted or removed.
    (131005, Away("credentials")),
    // Required parameter is missing.
    (131008, Refused("invalid_request")),
    // Parameter value is not valid.
    (131009, Refused("invalid_request")),
    // Recipient cannot be sender.
    (131021, Refused("invalid_recipient")),
    // Message undeliverable: no WhatsApp number, old client, terms not accepted.
    (131026, Refused("undeliverable")),
    // Recipient phone number not in allowed list (test number).
    (131030, Refused("unverified_recipient")),
    // Account has been locked.
    (131031, Away("account")),
    // Display name needs approval before messages can be sent.
    (131037, Sender),
    // Business eligibility payment issue.
    (131042, Away("payment")),
    // Message failed to send due to a phone number registration error. Documented with status 500.
    (131045, Sender),
    // More than 24 hours have passed since the recipient last replied: a template is wanted.
    (131047, Refused("session_closed")),
    // Spam rate limit: restrictions on how many messages can be sent from this number.
    (131048, Limit("spam_limit")),
    // Not delivered to maintain healthy ecosystem engagement: the recipient gets enough marketing.
    (131049, Later("recipient_limit")),
    // The recipient has chosen to stop receiving marketing messages from this business.
    (131050, OptedOut),
    // Unsupported message type.
    (131051, Refused("invalid_request")),
    // Too many messages from this number to the same recipient.
    (PAIR_RATE_LIMIT, Later("pair_rate_limited")),
    // Template: wrong number of parameters.
    (132000, Refused("template")),
    // Template does not exist in the language, or is not approved.
    (132001, Refused("template")),
    // Translated text is too long.
    (132005, Refused("template")),
    // Template content violates a policy.
    (132007, Refused("template")),
    // Parameter values formatted incorrectly.
    (132012, Refused("template")),
    // Template is paused due to low quality; it may come back.
    (132015, Later("template_paused")),
    // Template has been paused too many times and is disabled.
    (132016, Refused("template")),
    // Phone number not registered.
    (133010, Sender),
    // Generic user error: an unknown error with the request's parameters.
    (135000, Refused("invalid_request")),
];

const INVALID_PARAMETER: u32 = 100;
/// The Graph API's "Unsupported post request. Object with ID '…' does not exist, cannot be loaded due to missing
/// permissions, or does not support this operation": the object of our request is the number that sends.
const NO_SUCH_OBJECT: u64 = 33;
/// Permission errors of the Graph API.
const PERMISSIONS: std::ops::RangeInclusive<u32> = 200..=299;
/// The only rows whose documented status is a server error.
const WITH_STATUS_500: [u32; 2] = [3, 131045];

#[derive(Deserialize)]
struct Sent {
    messages: Vec<SentMessage>,
}

#[derive(Deserialize)]
struct SentMessage {
    id: String,
}

#[derive(Deserialize)]
struct Failed {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: u32,
    /// A number, where it is there; whatever it is, the code counts.
    error_subcode: Option<Value>,
}

/// `error.code`, and whether the number that sends is unknown or out of reach.
fn error_of(answer: &HttpAnswer) -> Option<(u32, bool)> {
    let Failed { error: ErrorBody { code, error_subcode } } = answer.json()?;
    let subcode = error_subcode.as_ref().and_then(Value::as_u64);
    Some((code, code == INVALID_PARAMETER && subcode == Some(NO_SUCH_OBJECT)))
}

/// For the log.
pub(super) fn code(answer: &HttpAnswer) -> Option<u32> {
    error_of(answer).map(|(code, _)| code)
}

pub(super) fn outcome(answer: &HttpAnswer) -> Outcome {
    if (200..300).contains(&answer.status) {
        let first = answer.json().and_then(|Sent { messages }| messages.into_iter().next());
        return accepted(first.map(|message| message.id));
    }
    let Some((code, is_no_sender)) = error_of(answer) else { return by_status(answer) };
    let is_documented_so =
        (400..500).contains(&answer.status) || answer.status == 500 && WITH_STATUS_500.contains(&code);
    if !is_documented_so {
        return by_status(answer);
    }
    let meaning = if is_no_sender {
        Sender
    } else if PERMISSIONS.contains(&code) {
        Away("credentials")
    } else if let Some((_, meaning)) = CODES.iter().find(|(known, _)| *known == code) {
        *meaning
    } else {
        return by_status(answer);
    };
    by_code(meaning, answer, (code == PAIR_RATE_LIMIT).then_some(PAIR_PAUSE))
}

#[cfg(test)]
pub(super) fn table() -> impl Iterator<Item = (u32, Meaning)> {
    CODES.iter().copied()
}
