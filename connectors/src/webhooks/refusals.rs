//! How both listeners refuse.

use axum::http::StatusCode;
use vendzz_runtime::http::Problem;

/// Seconds after which a client may try again what failed on our side.
pub(super) const RETRY_AFTER: u64 = 5;

/// The same for a wrong signature, an unknown account and an unknown provider.
pub(super) fn not_signed() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "bad_signature",
        "The request is not signed as it should be",
        "Only a provider of the account may call this address.",
    )
}

pub(super) fn no_such_place() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_place",
        "There is nothing here",
        "Nothing is served at this address.",
    )
}

pub(super) fn unavailable() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "store_away",
        "The store does not answer",
        "Nothing was changed, as far as is known; send the request again.",
    )
    .retry_after(RETRY_AFTER)
}

/// The body is JSON, and not what is asked for.
pub(super) fn bad_body(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_body", "The body is not as it must be", detail)
}
