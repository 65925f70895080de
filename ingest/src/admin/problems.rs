//! What is said to a client whose request was refused.

use axum::http::StatusCode;
use vendzz_runtime::http::{FieldError, Problem};

use super::kind::Thing;
use super::refusal::Refusal;

/// Seconds after which a client may try again what failed on our side.
const RETRY_AFTER: u64 = 1;

/// A text with the kind's word in its middle, put together by the compiler.
macro_rules! said_of {
    ($thing:expr, $before:literal, $after:literal) => {
        match $thing {
            Thing::Quiz => concat!($before, "quiz", $after),
            Thing::Campaign => concat!($before, "campaign", $after),
        }
    };
}

impl Refusal {
    /// The answer's document, about a thing of this kind.
    pub(super) fn problem(&self, thing: Thing) -> Problem {
        let word = thing.word();
        match self {
            Self::BadId => problem(
                StatusCode::BAD_REQUEST,
                said_of!(thing, "bad_", "_id"),
                said_of!(thing, "No ", " can have this id"),
                said_of!(thing, "A ", " id is 1 to 64 characters of a-z, 0-9, '-' and '_'."),
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
            Self::Body(error) => error.problem(RETRY_AFTER),
            Self::BadJson(bad) => Problem::bad_json(bad.clone()),
            Self::Unknown => problem(
                StatusCode::NOT_FOUND,
                said_of!(thing, "unknown_", ""),
                said_of!(thing, "Unknown ", ""),
                said_of!(thing, "No ", " was ever published under this id."),
            ),
            Self::ForeignAccount => problem(
                StatusCode::CONFLICT,
                "foreign_account",
                said_of!(thing, "The ", " belongs to another account"),
                said_of!(
                    thing,
                    "A ",
                    " id belongs for ever to the account of its first version; choose another id."
                ),
            )
            .with_error(FieldError::new(
                "/accountId",
                "foreign_account",
                said_of!(thing, "another account owns this ", " id"),
            )),
            Self::OtherQuiz => problem(
                StatusCode::CONFLICT,
                "other_quiz",
                "The campaign follows up another quiz",
                "A campaign belongs for ever to the quiz of its first version; choose another id.",
            )
            .with_error(FieldError::new(
                "/quizId",
                "other_quiz",
                "the former versions follow up another quiz",
            )),
            Self::OtherChannel => problem(
                StatusCode::CONFLICT,
                "other_channel",
                "The campaign goes over another channel",
                "A campaign keeps for ever the channel of its first version; choose another id.",
            )
            .with_error(FieldError::new(
                "/channel",
                "other_channel",
                "the former versions go over another channel",
            )),
            Self::EndedForEver => problem(
                StatusCode::CONFLICT,
                "ended_for_ever",
                "The campaign has ended",
                "A campaign that has ended takes no other version; choose another id.",
            )
            .with_error(FieldError::new("/state", "ended_for_ever", "the campaign has ended")),
            Self::PreconditionRequired { current } => problem(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "Say which version you changed",
                format!(
                    "The {word} exists in version {current}; send If-Match: \"<version>\" with the version that was edited."
                ),
            ),
            Self::PreconditionFailed { current: Some(current) } => problem(
                StatusCode::PRECONDITION_FAILED,
                "version_conflict",
                said_of!(thing, "The ", " was changed by somebody else"),
                format!(
                    "The current version is {current}; read it, change that, and send its version as If-Match."
                ),
            ),
            Self::PreconditionFailed { current: None } => problem(
                StatusCode::PRECONDITION_FAILED,
                "version_conflict",
                said_of!(thing, "The ", " does not exist yet"),
                "There is no version to match; send If-None-Match: * to publish the first.",
            ),
            Self::Invalid(problems) => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_definition",
                said_of!(thing, "The ", " cannot be published as it is"),
                format!("{} thing(s) are wrong; errors names each by its JSON pointer.", problems.len()),
            )
            .with_errors(problems.iter().cloned()),
            Self::TooLargeForTheLog => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_large_with_history",
                said_of!(thing, "The ", " is too large with its history"),
                said_of!(
                    thing,
                    "Together with everything that its former versions had, the ",
                    " does not fit into one record; publish it under a new id."
                ),
            ),
            Self::Overtaken { appended } => problem(
                StatusCode::CONFLICT,
                "overtaken",
                "Two changes met",
                format!(
                    "Version {appended} was published, but over a version that was not known when it was checked. Read the {word} and publish it again."
                ),
            ),
            Self::Unavailable { part } => unavailable(
                "unavailable",
                "A part that is needed is away",
                format!("{part}; nothing was changed, send the request again."),
            ),
            Self::Locked => unavailable(
                "locked",
                said_of!(thing, "Another change of this ", " is under way"),
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
            Self::UnreadableQuiz { version } => problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "unreadable_version",
                "The quiz's current version cannot be read",
                format!(
                    "Version {version} of the quiz was written by a newer build or is damaged; nothing can be checked against it."
                ),
            ),
            Self::Internal => Problem::internal(),
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
    problem(StatusCode::SERVICE_UNAVAILABLE, code, title, detail).retry_after(RETRY_AFTER)
}
