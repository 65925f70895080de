//! Every way in which the edge refuses, in one place: the codes are listed in the API reference.

use std::time::Duration;

use hyper::StatusCode;
use vendzz_runtime::http::{FieldError, Problem};

use super::log::AppendError;

pub fn starting() -> Problem {
    unavailable(
        "starting",
        "Not ready yet",
        "This server has just been started. Send the same request again.",
        1,
    )
}

pub fn overloaded() -> Problem {
    unavailable(
        "overloaded",
        "Too busy",
        "This server has more to do than it can. Send the same request again.",
        1,
    )
}

/// The body had not come when the process had to end.
pub fn draining() -> Problem {
    unavailable("draining", "Going away", "This server is being stopped. Send the same request again.", 1)
}

pub fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "Nothing here", "No resource has this path.")
}

pub fn unknown_quiz() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_quiz", "Unknown quiz", "No published quiz has this id.")
}

pub fn quiz_gone() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "quiz_gone",
        "Quiz no longer published",
        "This quiz was unpublished more than 24 hours ago.",
    )
}

pub fn method_not_allowed(allowed: &'static str) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Method not allowed",
        format!("This resource takes {allowed}."),
    )
    .allow(allowed)
}

pub fn rate_limited(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "Too many requests",
        "Your network has sent more than it may in a minute.",
    )
    .retry_after(seconds)
}

pub fn wrong_content_type(expected: &'static str) -> Problem {
    let detail = format!("The body must be sent with Content-Type: {expected}.");
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_content_type",
        "Unsupported content type",
        detail,
    )
}

/// Nothing is ever unpacked, so that nothing can be packed to burst.
pub fn encoded_body() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_content_encoding",
        "Unsupported content encoding",
        "The body must be sent as it is, without Content-Encoding.",
    )
}

pub fn body_too_large(max_bytes: usize) -> Problem {
    let detail = format!("The body may hold {max_bytes} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
}

pub fn body_too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_too_slow",
        "Body too slow",
        "The body did not come in time.",
    )
}

pub fn body_broken() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_broken",
        "Body broken off",
        "The body ended early, or was not framed as HTTP asks.",
    )
}

pub fn not_an_object() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "Request not valid",
        "The body must be a JSON object.",
    )
}

/// What stands around the answers is wrong, and maybe answers too.
pub fn invalid_fields(errors: Vec<FieldError>) -> Problem {
    let detail = format!("{} field(s) of the request are not as they must be.", errors.len());
    Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "Request not valid", detail).with_errors(errors)
}

pub fn invalid_answers(errors: impl IntoIterator<Item = impl Into<FieldError>>) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_answers",
        "Answers not valid",
        "Some answers are not what the quiz asks for.",
    )
    .with_errors(errors)
}

/// An id whose time lies further ahead of our clock than a clock may be wrong.
pub fn id_from_the_future(pointer: &str, now_ms: i64) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "id_from_the_future",
        "Id from the future",
        "The id's time lies ahead of ours. Correct the clock by serverTime and mint a new id.",
    )
    .with_error(FieldError::new(pointer, "id_from_the_future", "its time lies too far ahead of serverTime"))
    .with_server_time(now_ms)
}

/// A version that this server does not know yet, while it may be behind.
pub fn version_not_yet_known() -> Problem {
    unavailable(
        "version_not_yet_known",
        "Version not known yet",
        "This server does not know this version of the quiz yet. Send the same request again.",
        2,
    )
}

/// Whatever kept a submission from being known to be durable.
pub fn not_durable(error: &AppendError) -> Problem {
    match error {
        AppendError::NotRoutable => unavailable(
            "log_unavailable",
            "Not accepted at the moment",
            "Submissions cannot be stored at the moment. Nothing was stored; send the same responseId again.",
            10,
        ),
        AppendError::QueueFull | AppendError::NotWritten(_) => unavailable(
            "log_busy",
            "Not accepted at the moment",
            "The submission was not stored. Send the same responseId again.",
            2,
        ),
        AppendError::Unknown(_) => unavailable(
            "outcome_unknown",
            "Outcome unknown",
            "It is not known whether the submission was stored. Sending the same responseId again is safe: it counts once.",
            2,
        ),
    }
}

/// A view that found no place in the queue.
pub fn view_dropped() -> Problem {
    unavailable("view_dropped", "View not counted", "The view was not counted.", 5)
}

/// A progress beacon that found no place in the queue.
pub fn progress_dropped() -> Problem {
    unavailable(
        "progress_dropped",
        "Progress not counted",
        "The progress was not counted. The same beacon may be sent again.",
        5,
    )
}

fn unavailable(code: &'static str, title: &'static str, detail: &'static str, retry_after: u64) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, title, detail).retry_after(retry_after)
}
