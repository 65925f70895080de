use axum::http::StatusCode;
use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Why a request did not even reach a quiz or a campaign.
pub(super) enum NotServed {
    Unauthorised,
    NoSuchPlace,
    NoSuchMethod { allow: &'static str },
}

impl IntoResponse for NotServed {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorised => {
                let problem = Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthorised",
                    "The admin token is missing or wrong",
                    "Send the header Authorization: Bearer with the admin token.",
                );
                ([(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))], problem).into_response()
            }
            Self::NoSuchPlace => Problem::new(
                StatusCode::NOT_FOUND,
                "no_such_place",
                "There is nothing here",
                "The admin API has /api/quizzes, /api/quizzes/{id}, /api/campaigns, /api/campaigns/{id} and /api/campaigns/{id}/versions.",
            )
            .into_response(),
            Self::NoSuchMethod { allow } => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This method does not work here",
                format!("Allowed: {allow}."),
            )
            .allow(allow)
            .into_response(),
        }
    }
}
