use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use hyper::http::request::Parts;
use vendzz_runtime::http::Problem;
use vendzz_schemas::ids::TimedId;

use super::fields::Fields;
use crate::edge::client::{NetworkLimiter, UserAgent};
use crate::edge::http::{Class, Permit};
use crate::edge::quizzes::{ServedQuiz, Standing};
use crate::edge::refusals;
use crate::edge::state::Edge;

/// A follower that has compared itself with the log's end within this time knows every version that a
/// page can have shown.
const VERSIONS_ARE_KNOWN_SECONDS: u64 = 10;

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

    /// `navigator.sendBeacon` sends its text as text/plain, unless the page goes to some length.
    pub fn require_beacon_type(&self) -> Result<(), Problem> {
        let content_type = self.content_type();
        let is_taken = |name: &[u8]| content_type.eq_ignore_ascii_case(name);
        if is_taken(b"application/json") || is_taken(b"text/plain") {
            return Ok(());
        }
        Err(refusals::wrong_content_type("application/json or text/plain"))
    }

    /// The hash under which the address may be kept; empty, and counted, without the day's key.
    pub fn address_hash(&self, address: IpAddr) -> String {
        self.edge.address_keys.hash(address, self.now_ms).unwrap_or_else(|| {
            self.edge.metrics.address_hash_missing.increment(1);
            String::new()
        })
    }

    /// The version that a body names as answered; the current one when it names none. One that never was is
    /// noted among the fields. A version ahead of ours may be one that this edge has not heard of yet:
    /// then the client comes again, and before anything is judged by a definition that is too old for it.
    pub(super) fn answered_version(&self, fields: &mut Fields) -> Result<i64, Problem> {
        let version = fields.count("version").unwrap_or(self.quiz.version);
        if version <= self.quiz.version {
            return Ok(version);
        }
        let age = self.edge.definitions_follower.in_step_age();
        if age.is_none_or(|age| age.as_secs() >= VERSIONS_ARE_KNOWN_SECONDS) {
            return Err(refusals::version_not_yet_known());
        }
        fields.wrong("version", "unknown_version", "the quiz has no such version");
        Ok(version)
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
