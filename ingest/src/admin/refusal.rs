use axum::http::StatusCode;
use axum::http::header::{ETAG, HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use vendzz_schemas::definition::DefinitionProblem;
use vendzz_schemas::json::JsonProblem;

use super::lock::LockError;
use super::precondition::{BadPrecondition, entity_tag};
use crate::problem::{FieldError, Problem};

/// Why a request was not fulfilled.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    Unauthorised,
    NoSuchPlace,
    NoSuchMethod {
        allow: &'static str,
    },
    BadQuizId,
    BadQuery {
        parameter: &'static str,
        reason: &'static str,
    },
    BadPrecondition(BadPrecondition),
    NotJson,
    Encoded,
    BodyTooLarge {
        max_bytes: usize,
    },
    BodyTooSlow,
    BodyBroken,
    BadJson(JsonProblem),
    Draining,
    NoSuchQuiz,
    ForeignAccount,
    PreconditionRequired {
        current: i64,
    },
    PreconditionFailed {
        current: Option<i64>,
    },
    Invalid(Vec<DefinitionProblem>),
    /// The broker refuses a record of this size: the document is within its limit, its history is not.
    TooLargeForTheLog,
    /// The version was appended, but stands on one that was not seen when it was judged.
    Overtaken {
        appended: i64,
    },
    /// A part that is needed is away or not ready yet; nothing was appended.
    Unavailable {
        part: &'static str,
    },
    /// Another change of the same quiz takes too long.
    Locked,
    /// It may or may not be in the log.
    OutcomeUnknown,
    /// The newest version was written by a newer build, or is damaged.
    Unreadable {
        version: i64,
    },
    Internal,
}

impl Refusal {
    /// For a metric's label.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::PreconditionRequired { .. } | Self::PreconditionFailed { .. } | Self::Overtaken { .. } => {
                "conflict"
            }
            Self::Unavailable { .. } | Self::Locked | Self::Draining => "unavailable",
            Self::OutcomeUnknown => "unknown",
            Self::Unreadable { .. } | Self::Internal => "failed",
            _ => "refused",
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Unauthorised => problem(
                StatusCode::UNAUTHORIZED,
                "unauthorised",
                "The admin token is missing or wrong",
                "Send the header Authorization: Bearer with the admin token.",
            ),
            Self::NoSuchPlace => problem(
                StatusCode::NOT_FOUND,
                "no_such_place",
                "There is nothing here",
                "The admin API has /api/quizzes and /api/quizzes/{id}.",
            ),
            Self::NoSuchMethod { allow } => problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This method does not work here",
                format!("Allowed: {allow}."),
            )
            .allow(allow),
            Self::BadQuizId => problem(
                StatusCode::BAD_REQUEST,
                "bad_quiz_id",
                "No quiz can have this id",
                "A quiz id is 1 to 64 characters of a-z, 0-9, '-' and '_'.",
            ),
            Self::BadQuery { parameter, reason } => problem(
                StatusCode::BAD_REQUEST,
                "bad_query",
                "A query parameter is wrong",
                format!("{parameter}: {reason}"),
            )
            .with_error(FieldError::new(*parameter, "bad_value", *reason)),
            Self::BadPrecondition(bad) => problem(
                StatusCode::BAD_REQUEST,
                "bad_precondition",
                "A precondition cannot be read",
                bad.to_string(),
            )
            .with_error(FieldError::new(bad.header, "bad_value", bad.reason)),
            Self::NotJson => problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body must be JSON",
                "Send the header Content-Type: application/json.",
            ),
            Self::Encoded => problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_encoding",
                "The body must not be compressed",
                "Send the body without Content-Encoding.",
            ),
            Self::BodyTooLarge { max_bytes } => problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is too large",
                format!("The body may have {max_bytes} bytes."),
            ),
            Self::BodyTooSlow => problem(
                StatusCode::REQUEST_TIMEOUT,
                "body_too_slow",
                "The body did not arrive in time",
                "Nothing was changed; send the request again.",
            ),
            Self::BodyBroken => problem(
                StatusCode::BAD_REQUEST,
                "body_broken",
                "The body did not arrive whole",
                "Nothing was changed; send the request again.",
            ),
            Self::BadJson(bad) => Problem::bad_json(bad.clone()),
            Self::Draining => unavailable(
                "draining",
                "The service is about to stop",
                "Nothing was changed; send the request again.",
            ),
            Self::NoSuchQuiz => problem(
                StatusCode::NOT_FOUND,
                "unknown_quiz",
                "Unknown quiz",
                "No quiz was ever published under this id.",
            ),
            Self::ForeignAccount => problem(
                StatusCode::CONFLICT,
                "foreign_account",
                "The quiz belongs to another account",
                "A quiz id belongs for ever to the account of its first version; choose another id.",
            )
            .with_error(FieldError::new(
                "/accountId",
                "foreign_account",
                "another account owns this quiz id",
            )),
            Self::PreconditionRequired { current } => problem(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "Say which version you changed",
                format!(
                    "The quiz exists in version {current}; send If-Match: \"<version>\" with the version that was edited."
                ),
            ),
            Self::PreconditionFailed { current: Some(current) } => problem(
                StatusCode::PRECONDITION_FAILED,
                "version_conflict",
                "The quiz was changed by somebody else",
                format!(
                    "The current version is {current}; read it, change that, and send its version as If-Match."
                ),
            ),
            Self::PreconditionFailed { current: None } => problem(
                StatusCode::PRECONDITION_FAILED,
                "version_conflict",
                "The quiz does not exist yet",
                "There is no version to match; send If-None-Match: * to publish the first.",
            ),
            Self::Invalid(problems) => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_definition",
                "The quiz cannot be published as it is",
                format!("{} thing(s) are wrong; errors names each by its JSON pointer.", problems.len()),
            )
            .with_errors(problems.iter().cloned()),
            Self::TooLargeForTheLog => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_large_with_history",
                "The quiz is too large with its history",
                "Together with everything that its former versions had, the quiz does not fit into one record; publish it under a new id.",
            ),
            Self::Overtaken { appended } => problem(
                StatusCode::CONFLICT,
                "overtaken",
                "Two changes met",
                format!(
                    "Version {appended} was published, but over a version that was not known when it was checked. Read the quiz and publish it again."
                ),
            ),
            Self::Unavailable { part } => unavailable(
                "unavailable",
                "A part that is needed is away",
                format!("{part}; nothing was changed, send the request again."),
            ),
            Self::Locked => unavailable(
                "locked",
                "Another change of this quiz is under way",
                "Nothing was changed; send the request again.",
            ),
            Self::OutcomeUnknown => unavailable(
                "outcome_unknown",
                "It is not known whether the change was made",
                "The log did not acknowledge it in time. Send the same request with the same If-Match again: if the change was made, the answer is its version.",
            ),
            Self::Unreadable { version } => problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "unreadable_version",
                "The current version cannot be read",
                format!(
                    "Version {version} was written by a newer build or is damaged; it is neither shown nor replaced."
                ),
            ),
            Self::Internal => Problem::internal(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        let current = match self {
            Self::PreconditionFailed { current } => current,
            Self::PreconditionRequired { current } | Self::Overtaken { appended: current } => Some(current),
            Self::Unauthorised => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                None
            }
            _ => None,
        };
        // So that a program learns the version without reading the sentence.
        if let Some(tag) = current.and_then(|version| HeaderValue::try_from(entity_tag(version)).ok()) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

impl From<LockError> for Refusal {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy => Self::Locked,
            LockError::Away(_) | LockError::Silent => {
                Self::Unavailable { part: "PostgreSQL does not answer" }
            }
        }
    }
}

fn problem(
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: impl Into<std::borrow::Cow<'static, str>>,
) -> Problem {
    Problem::new(status, code, title, detail)
}

fn unavailable(
    code: &'static str,
    title: &'static str,
    detail: impl Into<std::borrow::Cow<'static, str>>,
) -> Problem {
    problem(StatusCode::SERVICE_UNAVAILABLE, code, title, detail).retry_after(1)
}
