use std::time::Duration;

use super::http::HttpAnswer;
use super::{NotTaken, Outcome};

/// What a documented error code says of the message; the word is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Not taken, and the provider is well: a limit, for this sender or this recipient.
    Later(&'static str),
    /// Not taken, nor would another message be: credentials, the account, the sender.
    Away(&'static str),
    /// Not taken, and never will be.
    Refused(&'static str),
    /// Not taken, since the contact has told the provider so.
    OptedOut,
}

impl Meaning {
    pub(super) fn outcome(self, retry_after: Option<Duration>) -> Outcome {
        match self {
            Self::Later(reason) => Outcome::NotTaken(NotTaken { reason, retry_after, is_outage: false }),
            Self::Away(reason) => Outcome::NotTaken(NotTaken { reason, retry_after, is_outage: true }),
            Self::Refused(reason) => Outcome::Refused { reason, opted_out: false },
            Self::OptedOut => Outcome::Refused { reason: "opted_out", opted_out: true },
        }
    }
}

/// What a status means whatever the body says (RFC 9110), and otherwise that nobody can say. 429 and 401 are
/// documented by both HTTP providers as answers to requests that were not processed.
pub(super) fn by_status(answer: &HttpAnswer) -> Outcome {
    let reason = match answer.status {
        429 => return Meaning::Later("rate_limited").outcome(answer.retry_after),
        401 => return Meaning::Away("credentials").outcome(None),
        200..=299 => "answer_not_understood",
        300..=399 => "redirect",
        500..=599 => "server_error",
        _ => "unknown_refusal",
    };
    Outcome::Unknown { reason }
}

/// The provider's name for the message, if it can be one.
pub(super) fn accepted(reference: Option<String>) -> Outcome {
    match reference {
        Some(reference) if !reference.is_empty() && reference.len() <= LONGEST_REFERENCE => {
            Outcome::Accepted { reference }
        }
        _ => Outcome::Unknown { reason: "answer_not_understood" },
    }
}

/// Bytes; a `wamid` has about 60, a SID 34.
const LONGEST_REFERENCE: usize = 512;
