use serde::Deserialize;

use crate::providers::Outcome;
use crate::providers::http::HttpAnswer;
use crate::providers::meaning::{Meaning, accepted, by_code, by_status};

use Meaning::{Away, Limit, OptedOut, Refused, Sender};

/// `code` of the error body, from <https://www.twilio.com/docs/api/errors>: each page says that the request is
/// rejected, or what it lacks, and none of these makes a message or a call.
const CODES: &[(u32, Meaning)] = &[
    // Account is not active.
    (10001, Away("account")),
    // Call concurrency limit exceeded.
    (10004, Limit("rate_limited")),
    // Voice calling has been disabled for this account.
    (10005, Away("account")),
    // Authentication error: no or wrong credentials.
    (20003, Away("credentials")),
    // Account not active.
    (20005, Away("account")),
    // Access denied.
    (20006, Away("credentials")),
    // Not found: for a resource that is made by POST, the account.
    (20404, Away("credentials")),
    // "Requests that receive 429 responses aren't processed and are safe to retry after backing off."
    (20429, Limit("rate_limited")),
    // Invalid URL (voice): of what we wish to have reported.
    (21205, Away("report_url")),
    // 'From' phone number not verified (voice).
    (21210, Sender),
    // Invalid 'To' phone number.
    (21211, Refused("invalid_recipient")),
    // Invalid 'From' number.
    (21212, Sender),
    // Caller phone number is required (voice).
    (21213, Sender),
    // 'To' phone number cannot be reached (voice).
    (21214, Refused("invalid_recipient")),
    // Account not authorized to call: geographic permission.
    (21215, Refused("region")),
    // Account not allowed to call this number.
    (21216, Refused("region")),
    // Phone number does not appear to be valid (voice).
    (21217, Refused("invalid_recipient")),
    // 'To' phone number not verified (trial account).
    (21219, Refused("unverified_recipient")),
    // 'To' and 'From' numbers cannot be the same.
    (21266, Refused("invalid_recipient")),
    // Permission to send an SMS has not been enabled for the region.
    (21408, Refused("region")),
    // Phone number is not a valid SMS-capable inbound phone number: 'From'.
    (21601, Sender),
    // Message body is required.
    (21602, Refused("empty_body")),
    // 'From' phone number is required to send a message.
    (21603, Sender),
    // 'To' phone number is required to send a message.
    (21604, Refused("invalid_recipient")),
    // 'From' is not a valid message-capable Twilio phone number for this destination or account.
    (21606, Sender),
    // 'To' is not verified (trial account).
    (21608, Refused("unverified_recipient")),
    // Invalid 'StatusCallback' URL.
    (21609, Away("report_url")),
    // Attempt to send to unsubscribed recipient: answered STOP.
    (21610, OptedOut),
    // This 'From' number has exceeded the maximum number of queued messages.
    (21611, Limit("queue_full")),
    // Message cannot be sent with the current combination of 'To' and 'From'.
    (21612, Refused("unroutable")),
    // 'To' number is not a valid mobile number.
    (21614, Refused("invalid_recipient")),
    // The concatenated message body exceeds the 1600 character limit.
    (21617, Refused("too_long")),
    // Message body or media URLs must be specified.
    (21619, Refused("empty_body")),
    // Invalid 'StatusCallbackEvent' (voice).
    (21626, Away("report_url")),
    // 'To' number cannot be a landline.
    (21635, Refused("invalid_recipient")),
    // Parameter exceeded character limit.
    (21658, Refused("too_long")),
    // 'From' is not a Twilio phone number, or short code of another country.
    (21659, Sender),
    // Mismatch between the 'From' number and the account.
    (21660, Sender),
    // 'From' number is not SMS-capable.
    (21661, Sender),
];

/// 201 with the new resource: <https://www.twilio.com/docs/usage/twilios-response>.
#[derive(Deserialize)]
struct Created {
    sid: String,
}

/// The exception of a refused request, as the same page has it.
#[derive(Deserialize)]
struct Exception {
    code: u32,
}

/// Of an exception.
pub(super) fn code(answer: &HttpAnswer) -> Option<u32> {
    answer.json().map(|Exception { code }| code)
}

pub(super) fn outcome(answer: &HttpAnswer) -> Outcome {
    if (200..300).contains(&answer.status) {
        return accepted(answer.json().map(|Created { sid }| sid));
    }
    // A server error says nothing of the message, whatever its body says.
    if !(400..500).contains(&answer.status) {
        return by_status(answer);
    }
    let Some(code) = code(answer) else { return by_status(answer) };
    if let Some((_, meaning)) = CODES.iter().find(|(known, _)| *known == code) {
        return by_code(*meaning, answer, None);
    }
    // "Twilio returns this error when a REST API request cannot be completed because the request is invalid"
    // (<https://www.twilio.com/docs/api/errors/400>): with a code of Twilio's own, it was Twilio that refused it.
    if answer.status == 400 {
        return Refused("invalid_request").outcome(None);
    }
    by_status(answer)
}

#[cfg(test)]
pub(super) fn table() -> &'static [(u32, Meaning)] {
    CODES
}
