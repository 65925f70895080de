//! What both providers need of HTTP.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::Value;

/// Larger than any message of either provider.
const MAX_BODY_BYTES: usize = 256 * 1024;

pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A small JSON answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) retry_after_seconds: Option<u64>,
    /// Of a 401.
    pub(super) challenge: Option<&'static str>,
}

impl Answer {
    pub(super) fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body, retry_after_seconds: None, challenge: None }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(whole(self.body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

pub(super) fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed_unsync()
}

/// `None` when it is too large or breaks off.
pub(super) async fn read_body(body: Incoming) -> Option<Bytes> {
    Some(Limited::new(body, MAX_BODY_BYTES).collect().await.ok()?.to_bytes())
}

/// User and password (RFC 7617).
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = after_scheme(headers, "Basic")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// RFC 6750, section 2.1.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    after_scheme(headers, "Bearer")
}

/// The fields of a form, in their order; a name may come more than once.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Empty when it is absent.
    pub(super) fn first(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

fn after_scheme<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let (of, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    of.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// A plus, and 8 to 15 digits of which the first is not 0 (E.164).
pub(super) fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (8..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}
