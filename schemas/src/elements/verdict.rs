use std::fmt::Debug;

use chrono_tz::Tz;
use serde_json::Value;

use crate::events::AnswerValue;

/// The check of one element's answers, made once from the element's properties.
pub trait AnswerCheck: Debug + Send + Sync {
    /// Pure: the same value and context give the same verdict on every machine and at any time.
    fn check(&self, value: &Value, context: &CheckContext) -> Verdict;
}

/// What a check may know besides the answer. There is no clock.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext {
    /// When the edge received the submission, milliseconds since 1970 (UTC).
    pub received_at_ms: i64,
    /// The quiz's time zone, in which "today" is meant.
    pub time_zone: Tz,
}

/// What a check finds. The difference between the last two keeps leads from being lost when a quiz is
/// edited while somebody is answering it.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The answer, in the form in which it is kept.
    Good(AnswerValue),
    /// Right in form, but not what these properties and choices ask for. Another version may have asked
    /// for just this, so it is kept when another version was answered.
    FailsThisVersion(AnswerValue, Refusal),
    /// No version of the element could have asked for this.
    WrongInForm(Refusal),
}

/// Why an answer is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs: a short word that never changes.
    pub code: &'static str,
    /// For people: one sentence, without the answer itself (it may be personal).
    pub detail: String,
}

impl Refusal {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl Verdict {
    /// Good when there is nothing to complain of.
    pub fn unless(complaint: Option<Refusal>, value: AnswerValue) -> Self {
        match complaint {
            None => Self::Good(value),
            Some(refusal) => Self::FailsThisVersion(value, refusal),
        }
    }
}

impl From<Result<AnswerValue, Refusal>> for Verdict {
    /// For checks in which everything is a matter of form.
    fn from(result: Result<AnswerValue, Refusal>) -> Self {
        match result {
            Ok(value) => Self::Good(value),
            Err(refusal) => Self::WrongInForm(refusal),
        }
    }
}
