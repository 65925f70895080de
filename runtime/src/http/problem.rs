use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde::Serialize;
use vendzz_schemas::definition::{DefinitionProblem, FieldProblem};
use vendzz_schemas::json::JsonProblem;

/// `type` of a document is this followed by the problem's code.
const TYPE_PREFIX: &str = "urn:vendzz:problem:";

/// One answer that is not a success, as a problem document (RFC 9457). Its texts are for strangers: no internals, no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    /// For programs: a short word that never changes.
    pub code: &'static str,
    /// For people: what kind of problem it is; the same for every occurrence.
    pub title: &'static str,
    /// For people: what is wrong this time.
    pub detail: Cow<'static, str>,
    /// What is wrong, field by field.
    pub errors: Vec<FieldError>,
    /// The server's clock, milliseconds since 1970 (UTC), so that a client can correct its own.
    pub server_time: Option<i64>,
    /// `Retry-After`, in whole seconds.
    pub retry_after_seconds: Option<u64>,
    /// `Allow`, with 405.
    pub allow: Option<&'static str>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// RFC 6901 pointer into the body, or the name of a query parameter or header.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

/// The document as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    server_time: Option<i64>,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            server_time: None,
            retry_after_seconds: None,
            allow: None,
        }
    }

    /// The body is not JSON as it is accepted here.
    pub fn bad_json(problem: JsonProblem) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_json",
            "The body is not acceptable JSON",
            problem.detail.clone(),
        )
        .with_error(FieldError {
            pointer: problem.pointer,
            code: problem.code,
            detail: problem.detail,
        })
    }

    pub fn bad(code: &'static str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title, detail)
    }

    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This method does not work here",
            format!("Allowed: {allow}."),
        )
        .allow(allow)
    }

    /// Something failed that is not the client's fault. The cause belongs into the log, not here.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
            "The request was not processed to its end.",
        )
    }

    pub fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    pub fn with_errors<E: Into<FieldError>>(mut self, errors: impl IntoIterator<Item = E>) -> Self {
        self.errors.extend(errors.into_iter().map(Into::into));
        self
    }

    pub fn with_server_time(mut self, millis: i64) -> Self {
        self.server_time = Some(millis);
        self
    }

    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// The document alone.
    pub fn to_json(&self) -> Vec<u8> {
        let document = Document {
            r#type: format!("{TYPE_PREFIX}{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
            server_time: self.server_time,
        };
        serde_json::to_vec(&document).expect("texts and numbers can always be written as JSON")
    }

    /// The whole answer. Never stored by caches, unless the caller says otherwise afterwards.
    pub fn to_response<B: From<Bytes>>(&self) -> hyper::Response<B> {
        let mut response = hyper::Response::new(B::from(Bytes::from(self.to_json())));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.to_response()
    }
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

impl From<FieldProblem> for FieldError {
    fn from(problem: FieldProblem) -> Self {
        Self { pointer: problem.pointer, code: problem.code, detail: problem.detail }
    }
}

impl From<DefinitionProblem> for FieldError {
    fn from(problem: DefinitionProblem) -> Self {
        Self { pointer: problem.pointer, code: problem.code, detail: problem.detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_members_of_rfc_9457_and_ours_only_when_they_say_something() {
        let plain =
            Problem::new(StatusCode::NOT_FOUND, "unknown_quiz", "Unknown quiz", "No quiz has this id.");
        assert_eq!(
            String::from_utf8(plain.to_json()).unwrap(),
            r#"{"type":"urn:vendzz:problem:unknown_quiz","title":"Unknown quiz","status":404,"detail":"No quiz has this id."}"#
        );
        let full = plain
            .with_error(FieldError::new("/answers/email", "required", "this element needs an answer"))
            .with_server_time(7)
            .retry_after(2);
        let document: serde_json::Value = serde_json::from_slice(&full.to_json()).unwrap();
        assert_eq!(document["errors"][0]["pointer"], "/answers/email");
        assert_eq!(document["serverTime"], 7);
        let response: hyper::Response<axum::body::Body> = full.to_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
