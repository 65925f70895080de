//! What an event must be to be folded. One place for every consumer: an event that one of them
//! dead-letters and another counts would keep the two from ever agreeing again.

use crate::events::{AnswerValue, QuizSubmitted, QuizViewed};
use crate::ids::{TimedId, check_name};
use chrono::{DateTime, Utc};

/// Why an event can never be folded.
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

pub fn check_view(view: &QuizViewed) -> Result<(), Violation> {
    check_name(&view.quiz_id).map_err(|_| BAD_QUIZ)
}

/// The ids of a submission that keeps the contract.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionIds {
    pub response: TimedId,
    pub visitor: Option<TimedId>,
}

pub fn check_submission(submission: &QuizSubmitted) -> Result<SubmissionIds, Violation> {
    let response = TimedId::parse(&submission.response_id).map_err(|_| BAD_RESPONSE)?;
    let visitor =
        submission.visitor_id.as_deref().map(TimedId::parse).transpose().map_err(|_| BAD_VISITOR)?;
    check_quiz_and_account(&submission.quiz_id, &submission.account_id)?;
    moment(submission.received_at)?;
    if submission.answers.values().any(is_not_finite) {
        return Err(NOT_FINITE);
    }
    if holds_nul(submission) {
        return Err(NUL);
    }
    Ok(SubmissionIds { response, visitor })
}

pub fn check_quiz_and_account(quiz_id: &str, account_id: &str) -> Result<(), Violation> {
    check_name(quiz_id).map_err(|_| BAD_QUIZ)?;
    check_name(account_id).map_err(|_| BAD_ACCOUNT)
}

/// Milliseconds since 1970 (UTC) as a timestamp.
pub fn moment(millis: i64) -> Result<DateTime<Utc>, Violation> {
    DateTime::from_timestamp_millis(millis).ok_or(BAD_TIME)
}

/// Avro carries NaN and the infinities, JSON does not.
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
