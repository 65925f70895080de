use std::time::Duration;

use super::http::HttpAnswer;
use super::{NotTaken, NotTakenKind, Outcome};

/// What a documented error code says of the message; the word is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Not taken, and the provider is well: too early for this message or this recipient.
    Later(&'static str),
    /// Not taken, and the provider is well: the sender's or the account's limit.
    Limit(&'static str),
    /// Not taken, nor would another message of this sender be.
    Sender,
    /// Not taken, nor would another message be: credentials, the account.
    Away(&'static str),
    /// Not taken, and never will be.
    Refused(&'static str),
    /// Not taken, since the contact has told the provider so.
    OptedOut,
}

impl Meaning {
    pub(super) fn outcome(self, retry_after: Option<Duration>) -> Outcome {
        let (reason, kind) = match self {
            Self::Later(reason) => (reason, NotTakenKind::Later),
            Self::Limit(reason) => (reason, NotTakenKind::Limit),
            Self::Sender => ("sender", NotTakenKind::Sender),
            Self::Away(reason) => (reason, NotTakenKind::Away),
            Self::Refused(reason) => return Outcome::Refused { reason, opted_out: false },
            Self::OptedOut => return Outcome::Refused { reason: "opted_out", opted_out: true },
        };
        Outcome::NotTaken(NotTaken { reason, retry_after, kind })
    }
}

/// What a documented code means under its status: whatever the code, 429 is later.
pub(super) fn by_code(meaning: Meaning, answer: &HttpAnswer, pause: Option<Duration>) -> Outcome {
    let is_later = matches!(meaning, Meaning::Later(_) | Meaning::Limit(_));
    if answer.status == TOO_MANY_REQUESTS && !is_later {
        return by_status(answer);
    }
    meaning.outcome(answer.retry_after.or(pause))
}

/// What a status means whatever the body says (RFC 9110), and otherwise that nobody can say. 429 and 401 are
/// documented by both HTTP providers as answers to requests that were not processed.
pub(super) fn by_status(answer: &HttpAnswer) -> Outcome {
    let reason = match answer.status {
        TOO_MANY_REQUESTS => return Meaning::Limit("rate_limited").outcome(answer.retry_after),
        401 => return Meaning::Away("credentials").outcome(None),
        200..=299 => "answer_not_understood",
        300..=399 => "redirect",
        500..=599 => "server_error",
        _ => "unknown_refusal",
    };
    Outcome::Unknown { reason }
}

const TOO_MANY_REQUESTS: u16 = 429;

/// The provider's name for the message, if it can be one: what a report may bear too, and a text of SQL can hold.
pub(super) fn accepted(reference: Option<String>) -> Outcome {
    let can_be_one = |reference: &String| {
        (1..=LONGEST_REFERENCE).contains(&reference.len())
            && reference.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match reference.filter(can_be_one) {
        Some(reference) => Outcome::Accepted { reference },
        None => Outcome::Unknown { reason: "answer_not_understood" },
    }
}

/// Bytes; a `wamid` has about 60, a SID 34.
const LONGEST_REFERENCE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_plain_or_the_answer_is_not_understood() {
        for reference in ["SM00000000000000000000000000000001", "wamid.HBgLNTUxMQ==", "!~"] {
            let expected = Outcome::Accepted { reference: reference.to_owned() };
            assert_eq!(accepted(Some(reference.to_owned())), expected);
        }
        let too_long = "x".repeat(LONGEST_REFERENCE + 1);
        for reference in ["", " ", "SM\0", "SM\n", "SM 1", "SM\u{7f}", "Sé", "SM\u{202e}", &too_long] {
            let outcome = accepted(Some(reference.to_owned()));
            assert_eq!(outcome, Outcome::Unknown { reason: "answer_not_understood" }, "{reference:?}");
        }
        assert_eq!(accepted(None), Outcome::Unknown { reason: "answer_not_understood" });
    }
}
