use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use hyper::http::request::Parts;
use vendzz_schemas::ids::TimedId;

use crate::edge::client::{NetworkLimiter, UserAgent};
use crate::edge::http::{Class, Permit};
use crate::edge::quizzes::{ServedQuiz, Standing};
use crate::edge::refusals;
use crate::edge::state::Edge;
use crate::problem::Problem;

/// A request for a quiz that exists, before its body is read.
pub struct Asked<'r> {
    pub edge: &'r Edge,
    pub quiz: &'r Arc<ServedQuiz>,
    pub parts: &'r Parts,
    pub peer: IpAddr,
    pub started: Instant,
    /// The edge's clock when the request came, milliseconds since 1970 (UTC).
    pub now_ms: i64,
}

/// Who sent it.
pub struct Client {
    pub address: IpAddr,
    pub country: String,
    pub user_agent: UserAgent,
}

impl<'r> Asked<'r> {
    /// A place among those worked on, or a refusal before anything is read.
    pub fn admit(&self, class: Class) -> Result<Permit<'r>, Problem> {
        let body_bytes = match class {
            Class::Page => 0,
            Class::View | Class::HotSubmission | Class::Submission => self.expected_body_bytes(),
        };
        self.edge.admission.admit(class, body_bytes).ok_or_else(refusals::overloaded)
    }

    /// Answers and views are taken for a while after a quiz was unpublished.
    pub fn require_open(&self) -> Result<Standing, Problem> {
        match self.quiz.standing(self.now_ms) {
            Standing::Gone => Err(refusals::quiz_gone()),
            standing => Ok(standing),
        }
    }

    pub fn client_address(&self) -> IpAddr {
        self.edge.proxies.client_address(self.peer, &self.parts.headers)
    }

    pub fn client(&self, address: IpAddr) -> Client {
        let user_agent = self.parts.headers.get(USER_AGENT).map(|value| value.as_bytes());
        Client {
            address,
            country: self.edge.proxies.country(self.peer, &self.parts.headers).to_owned(),
            user_agent: UserAgent::read(user_agent),
        }
    }

    pub fn take_token(&self, limiter: &NetworkLimiter, address: IpAddr) -> Result<(), Problem> {
        limiter.take(address, self.started).map_err(refusals::rate_limited)
    }

    /// Nothing is ever unpacked.
    pub fn require_unencoded(&self) -> Result<(), Problem> {
        let mut encodings = self.parts.headers.get_all(CONTENT_ENCODING).iter();
        if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Ok(());
        }
        Err(refusals::encoded_body())
    }

    /// The media type without its parameters; empty when there is none, or more than one.
    pub fn content_type(&self) -> &'r [u8] {
        let mut lines = self.parts.headers.get_all(CONTENT_TYPE).iter();
        match (lines.next(), lines.next()) {
            (Some(line), None) => {
                line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
            }
            _ => b"",
        }
    }

    /// The hash under which the address may be kept; empty, and counted, without the day's key.
    pub fn address_hash(&self, address: IpAddr) -> String {
        self.edge.address_keys.hash(address, self.now_ms).unwrap_or_else(|| {
            self.edge.metrics.address_hash_missing.increment(1);
            String::new()
        })
    }

    /// An id's time decides where its record goes, so it may not lie far ahead.
    pub fn require_past(&self, id: &TimedId, pointer: &str) -> Result<(), Problem> {
        if id.minted_at() > self.now_ms.saturating_add(self.edge.id_ahead_ms) {
            return Err(refusals::id_from_the_future(pointer, self.now_ms));
        }
        Ok(())
    }

    /// By its declared length; without one, the most that it may have.
    fn expected_body_bytes(&self) -> usize {
        let max = self.edge.body_limits.max_bytes;
        let declared =
            self.parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        declared.unwrap_or(max).min(max)
    }
}
