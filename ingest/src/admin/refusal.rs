use std::marker::PhantomData;

use axum::http::header::{ETAG, HeaderValue};
use axum::response::{IntoResponse, Response};
use vendzz_runtime::http::BodyError;
use vendzz_schemas::definition::DefinitionProblem;
use vendzz_schemas::json::JsonProblem;

use super::kind::{Kind, VersionTag};
use super::lock::LockError;
use super::precondition::{BadPrecondition, Unmet};

/// Why a request was not fulfilled.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    BadId,
    BadQuery {
        parameter: &'static str,
        reason: &'static str,
    },
    BadPrecondition(BadPrecondition),
    NotJson,
    Encoded,
    Body(BodyError),
    BadJson(JsonProblem),
    /// Nothing has this id.
    Unknown,
    ForeignAccount,
    /// A campaign follows up one quiz for ever.
    OtherQuiz,
    /// A campaign goes one way for ever.
    OtherChannel,
    /// A campaign that has ended takes no other version.
    EndedForEver,
    PreconditionRequired {
        current: VersionTag,
    },
    PreconditionFailed {
        current: Option<VersionTag>,
    },
    Invalid(Vec<DefinitionProblem>),
    /// The broker refuses a record of this size: the document is within its limit, its history is not.
    TooLargeForTheLog,
    /// The version was appended, but stands on one that was not seen when it was judged.
    Overtaken {
        appended: VersionTag,
    },
    /// A part that is needed is away or not ready yet; nothing was appended.
    Unavailable {
        part: &'static str,
    },
    /// Another change of the same thing takes too long.
    Locked,
    /// It may or may not be in the log.
    OutcomeUnknown,
    /// The newest version was written by a newer build, or is damaged.
    Unreadable {
        version: VersionTag,
    },
    /// The same of the quiz that a campaign follows up, which it would be checked against.
    UnreadableQuiz {
        version: VersionTag,
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
            Self::Unavailable { .. } | Self::Locked | Self::Body(BodyError::Draining) => "unavailable",
            Self::OutcomeUnknown => "unknown",
            Self::Unreadable { .. } | Self::UnreadableQuiz { .. } | Self::Internal => "failed",
            _ => "refused",
        }
    }
}

/// A refusal as it is answered, in the words of its kind.
pub(super) struct Refused<K> {
    refusal: Refusal,
    kind: PhantomData<K>,
}

impl<K: Kind> From<Refusal> for Refused<K> {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, kind: PhantomData }
    }
}

impl<K: Kind> IntoResponse for Refused<K> {
    fn into_response(self) -> Response {
        let mut response = self.refusal.problem(K::THING).into_response();
        let current = match self.refusal {
            Refusal::PreconditionFailed { current } => current,
            Refusal::PreconditionRequired { current } | Refusal::Overtaken { appended: current } => {
                Some(current)
            }
            _ => None,
        };
        // So that a program learns the version without reading the sentence.
        if let Some(tag) = current.and_then(|version| HeaderValue::try_from(version.quoted()).ok()) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<BadPrecondition> for Refusal {
    fn from(bad: BadPrecondition) -> Self {
        Self::BadPrecondition(bad)
    }
}

impl From<Unmet> for Refusal {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Required { current } => Self::PreconditionRequired { current },
            Unmet::Failed { current } => Self::PreconditionFailed { current },
        }
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
