//! What an event must be to be counted. For a submission these are the conditions under which it
//! becomes a row in PostgreSQL too: an event that one projection dead-letters and the other counts
//! would keep the two from ever agreeing again.

use chrono::DateTime;
use vendzz_schemas::events::{AnswerValue, QuizSubmitted, QuizViewed};
use vendzz_schemas::ids::{TimedId, check_name};

/// Why an event can never be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Violation {
    /// A bounded word for metric and dead letter.
    pub reason: &'static str,
    /// For people; never personal data.
    pub detail: &'static str,
}

const BAD_QUIZ: Violation = Violation { reason: "bad_id", detail: "the quiz's id is malformed" };
const BAD_ACCOUNT: Violation = Violation { reason: "bad_id", detail: "the account's id is malformed" };
const BAD_RESPONSE: Violation = Violation { reason: "bad_id", detail: "the response's id is not a UUIDv7" };
const BAD_VISITOR: Violation = Violation { reason: "bad_id", detail: "the visitor's id is not a UUIDv7" };
const BAD_TIME: Violation = Violation { reason: "bad_time", detail: "a time that no calendar holds" };
const NOT_FINITE: Violation =
    Violation { reason: "not_finite", detail: "an answer is a number that is not finite" };
const NUL: Violation = Violation { reason: "nul", detail: "a text contains U+0000" };

pub(super) fn check_view(view: &QuizViewed) -> Result<(), Violation> {
    check_name(&view.quiz_id).map_err(|_| BAD_QUIZ)
}

/// The response's id, if the submission keeps the contract.
pub(super) fn check_submission(submission: &QuizSubmitted) -> Result<TimedId, Violation> {
    let response_id = TimedId::parse(&submission.response_id).map_err(|_| BAD_RESPONSE)?;
    if let Some(visitor_id) = &submission.visitor_id {
        TimedId::parse(visitor_id).map_err(|_| BAD_VISITOR)?;
    }
    check_name(&submission.quiz_id).map_err(|_| BAD_QUIZ)?;
    check_name(&submission.account_id).map_err(|_| BAD_ACCOUNT)?;
    DateTime::from_timestamp_millis(submission.received_at).ok_or(BAD_TIME)?;
    if submission.answers.values().any(is_not_finite) {
        return Err(NOT_FINITE);
    }
    if holds_nul(submission) {
        return Err(NUL);
    }
    Ok(response_id)
}

fn is_not_finite(value: &AnswerValue) -> bool {
    matches!(value, AnswerValue::Double(number) if !number.is_finite())
}

/// PostgreSQL's text holds every character but U+0000.
fn holds_nul(submission: &QuizSubmitted) -> bool {
    let nul = |text: &String| text.contains('\0');
    let utm = &submission.utm;
    let plain = [
        &submission.referrer,
        &submission.device,
        &submission.country,
        &submission.bot_verdict,
        &utm.source,
        &utm.medium,
        &utm.campaign,
        &utm.term,
        &utm.content,
    ];
    plain.into_iter().any(nul)
        || submission.bot_reasons.iter().chain(&submission.tags).any(nul)
        || submission.hidden.iter().any(|(name, value)| nul(name) || nul(value))
        || submission.answers.iter().any(|(element, value)| nul(element) || answer_holds_nul(value))
}

fn answer_holds_nul(value: &AnswerValue) -> bool {
    let nul = |text: &String| text.contains('\0');
    match value {
        AnswerValue::Bool(_) | AnswerValue::Long(_) | AnswerValue::Double(_) => false,
        AnswerValue::Text(text) => nul(text),
        AnswerValue::List(texts) => texts.iter().any(nul),
        AnswerValue::Map(texts) => texts.iter().any(|(key, value)| nul(key) || nul(value)),
    }
}
