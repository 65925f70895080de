//! What an event must be to be folded. One place for every consumer: an event that one of them
//! dead-letters and another counts would keep the two from ever agreeing again.

mod abandonment;
mod lead;
mod message;

use std::collections::BTreeMap;

use crate::events::{AnswerValue, ElementSeen, QuizProgressed, QuizSubmitted, QuizViewed, Utm};
use crate::ids::{TimedId, check_name};
use chrono::{DateTime, Utc};

pub use abandonment::check_abandoned;
pub use lead::{LeadIds, MAX_LEAD_NAME_BYTES, MAX_LEAD_VALUE_BYTES, check_lead};
pub use message::{MAX_LATE_MS, MessageIds, check_message};

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
const BAD_SEQUENCE: Violation =
    Violation { reason: "bad_sequence", detail: "a beacon's number within its response is none" };
const BAD_ELEMENT: Violation =
    Violation { reason: "bad_element", detail: "an element of the way has a malformed id" };
const BAD_MILLIS: Violation =
    Violation { reason: "bad_element", detail: "an element of the way was shown for less than no time" };
const TOO_MANY_ELEMENTS: Violation =
    Violation { reason: "bad_element", detail: "the way is longer than any quiz" };
const BAD_REPORTED: Violation =
    Violation { reason: "bad_reported", detail: "more elements are reported before than there are" };
const NUL: Violation = Violation { reason: "nul", detail: "a text contains U+0000" };

pub fn check_view(view: &QuizViewed) -> Result<(), Violation> {
    check_name(&view.quiz_id).map_err(|_| BAD_QUIZ)
}

/// Elements that one event names at most. The edge lets fewer through.
pub const MAX_ELEMENTS: usize = 400;

/// The ids of a submission or a beacon that keeps the contract.
#[derive(Debug, Clone, Copy)]
pub struct ResponseIds {
    pub response: TimedId,
    pub visitor: Option<TimedId>,
}

pub fn check_submission(submission: &QuizSubmitted) -> Result<ResponseIds, Violation> {
    let ids = response_ids(&submission.response_id, submission.visitor_id.as_deref())?;
    check_quiz_and_account(&submission.quiz_id, &submission.account_id)?;
    moment(submission.received_at)?;
    check_way(&submission.elements, submission.reported)?;
    check_answers(&submission.answers)?;
    let QuizSubmitted { referrer, device, country, bot_verdict, .. } = submission;
    let plain = [referrer, device, country, bot_verdict];
    let words = submission.bot_reasons.iter().chain(&submission.tags);
    check_texts(plain.into_iter().chain(words), &submission.hidden, &submission.utm)?;
    Ok(ids)
}

/// `started_at` is the client's and may be any number, as a submission's.
pub fn check_progress(progress: &QuizProgressed) -> Result<ResponseIds, Violation> {
    let ids = response_ids(&progress.response_id, progress.visitor_id.as_deref())?;
    check_quiz_and_account(&progress.quiz_id, &progress.account_id)?;
    moment(progress.received_at)?;
    if !(1..=QuizProgressed::MAX_SEQUENCE).contains(&progress.sequence) {
        return Err(BAD_SEQUENCE);
    }
    check_way(&progress.elements, progress.reported)?;
    check_answers(&progress.answers)?;
    let QuizProgressed { referrer, device, country, bot_verdict, .. } = progress;
    let plain = [referrer, device, country, bot_verdict];
    check_texts(plain.into_iter().chain(&progress.tags), &progress.hidden, &progress.utm)?;
    Ok(ids)
}

fn response_ids(response: &str, visitor: Option<&str>) -> Result<ResponseIds, Violation> {
    let response = TimedId::parse(response).map_err(|_| BAD_RESPONSE)?;
    let visitor = visitor.map(TimedId::parse).transpose().map_err(|_| BAD_VISITOR)?;
    Ok(ResponseIds { response, visitor })
}

pub fn check_quiz_and_account(quiz_id: &str, account_id: &str) -> Result<(), Violation> {
    check_name(quiz_id).map_err(|_| BAD_QUIZ)?;
    check_name(account_id).map_err(|_| BAD_ACCOUNT)
}

/// Milliseconds since 1970 (UTC) as a timestamp.
pub fn moment(millis: i64) -> Result<DateTime<Utc>, Violation> {
    DateTime::from_timestamp_millis(millis).ok_or(BAD_TIME)
}

/// The way through the quiz, and how much of it stood in earlier beacons.
fn check_way(elements: &[ElementSeen], reported: i32) -> Result<(), Violation> {
    if elements.len() > MAX_ELEMENTS {
        return Err(TOO_MANY_ELEMENTS);
    }
    if !usize::try_from(reported).is_ok_and(|reported| reported <= elements.len()) {
        return Err(BAD_REPORTED);
    }
    for element in elements {
        check_name(&element.element_id).map_err(|_| BAD_ELEMENT)?;
        if element.millis < 0 {
            return Err(BAD_MILLIS);
        }
    }
    Ok(())
}

/// Avro carries NaN and the infinities, JSON does not.
fn check_answers(answers: &BTreeMap<String, AnswerValue>) -> Result<(), Violation> {
    let is_not_finite =
        |value: &AnswerValue| matches!(value, AnswerValue::Double(number) if !number.is_finite());
    if answers.values().any(is_not_finite) {
        return Err(NOT_FINITE);
    }
    if answers.iter().any(|(element, value)| element.contains('\0') || answer_holds_nul(value)) {
        return Err(NUL);
    }
    Ok(())
}

/// PostgreSQL's text holds every character but U+0000.
fn check_texts<'a>(
    mut plain: impl Iterator<Item = &'a String>,
    hidden: &BTreeMap<String, String>,
    utm: &Utm,
) -> Result<(), Violation> {
    let nul = |text: &String| text.contains('\0');
    let mut of_utm = [&utm.source, &utm.medium, &utm.campaign, &utm.term, &utm.content].into_iter();
    if plain.any(nul) || of_utm.any(nul) || hidden.iter().any(|(name, value)| nul(name) || nul(value)) {
        return Err(NUL);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &str = "019b7b5a-5400-7707-8707-070707070707";

    /// The reason expected, and what is done to a good event.
    type Case<E> = (&'static str, fn(&mut E));

    fn way(length: usize) -> Vec<ElementSeen> {
        (0..length).map(|n| ElementSeen { element_id: format!("e{n}"), millis: 0 }).collect()
    }

    fn progress() -> QuizProgressed {
        QuizProgressed {
            account_id: "conta".to_owned(),
            quiz_id: "quiz".to_owned(),
            response_id: RESPONSE.to_owned(),
            visitor_id: None,
            version: 3,
            sequence: 1,
            received_at: 1_767_225_600_123,
            started_at: None,
            elements: way(3),
            reported: 1,
            answers: BTreeMap::from([("e1".to_owned(), AnswerValue::Text("sim".to_owned()))]),
            hidden: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            utm: Utm::default(),
            referrer: String::new(),
            device: "mobile".to_owned(),
            country: "BR".to_owned(),
            bot_verdict: "human".to_owned(),
            address_hash: String::new(),
            tags: vec!["unpublished".to_owned()],
        }
    }

    fn submission() -> QuizSubmitted {
        let progress = progress();
        QuizSubmitted {
            account_id: progress.account_id,
            quiz_id: progress.quiz_id,
            response_id: progress.response_id,
            visitor_id: None,
            version: 3,
            received_at: progress.received_at,
            started_at: None,
            submitted_at: None,
            answers: progress.answers,
            hidden: progress.hidden,
            utm: Utm::default(),
            referrer: String::new(),
            device: String::new(),
            country: String::new(),
            bot_verdict: String::new(),
            bot_reasons: Vec::new(),
            address_hash: String::new(),
            tags: Vec::new(),
            elements: progress.elements,
            reported: progress.reported,
        }
    }

    fn answers(value: AnswerValue) -> BTreeMap<String, AnswerValue> {
        BTreeMap::from([("e1".to_owned(), value)])
    }

    #[test]
    fn the_bounds_belong_to_what_is_taken() {
        let with = |change: fn(&mut QuizProgressed)| {
            let mut progress = progress();
            change(&mut progress);
            check_progress(&progress)
        };
        assert_eq!(with(|_| {}).unwrap().response.to_string(), RESPONSE);
        assert!(with(|beacon| beacon.sequence = 3).is_ok());
        assert!(with(|beacon| beacon.reported = 0).is_ok());
        assert!(with(|beacon| beacon.reported = 3).is_ok());
        assert!(with(|beacon| beacon.elements[0].millis = i64::MAX).is_ok());
        assert!(with(|beacon| beacon.elements = way(400)).is_ok());
        assert!(with(|beacon| (beacon.elements, beacon.reported) = (Vec::new(), 0)).is_ok());
    }

    #[test]
    fn a_beacon_that_breaks_the_contract_is_told_apart() {
        let cases: [Case<QuizProgressed>; 19] = [
            ("bad_id", |beacon| beacon.quiz_id = "Quiz".to_owned()),
            ("bad_id", |beacon| beacon.account_id = String::new()),
            ("bad_id", |beacon| beacon.response_id = "x".to_owned()),
            ("bad_id", |beacon| beacon.visitor_id = Some("x".to_owned())),
            ("bad_time", |beacon| beacon.received_at = i64::MAX),
            ("bad_sequence", |beacon| beacon.sequence = 0),
            ("bad_sequence", |beacon| beacon.sequence = 4),
            ("bad_reported", |beacon| beacon.reported = -1),
            ("bad_reported", |beacon| beacon.reported = 4),
            ("bad_element", |beacon| beacon.elements = way(401)),
            ("bad_element", |beacon| beacon.elements[2].element_id = "é".to_owned()),
            ("bad_element", |beacon| beacon.elements[0].millis = -1),
            ("not_finite", |beacon| beacon.answers = answers(AnswerValue::Double(f64::INFINITY))),
            ("nul", |beacon| beacon.answers = answers(AnswerValue::List(vec!["a\0".to_owned()]))),
            ("nul", |beacon| drop(beacon.hidden.insert("\0".to_owned(), String::new()))),
            ("nul", |beacon| beacon.utm.term = "\0".to_owned()),
            ("nul", |beacon| beacon.referrer = "\0".to_owned()),
            ("nul", |beacon| beacon.bot_verdict = "\0".to_owned()),
            ("nul", |beacon| beacon.tags = vec!["\0".to_owned()]),
        ];
        for (number, (reason, change)) in cases.into_iter().enumerate() {
            let mut progress = progress();
            change(&mut progress);
            assert_eq!(check_progress(&progress).unwrap_err().reason, reason, "case {number}");
        }
    }

    #[test]
    fn a_submissions_way_is_checked_and_may_be_missing() {
        assert!(check_submission(&submission()).is_ok());
        let older = QuizSubmitted { elements: Vec::new(), reported: 0, ..submission() };
        assert!(check_submission(&older).is_ok());
        let cases: [Case<QuizSubmitted>; 6] = [
            ("bad_reported", |submission| submission.reported = 4),
            ("bad_element", |submission| submission.elements[0].millis = -1),
            ("bad_element", |submission| submission.elements[1].element_id = "x".repeat(65)),
            ("bad_element", |submission| submission.elements = way(401)),
            ("nul", |submission| submission.bot_reasons = vec!["\0".to_owned()]),
            ("not_finite", |submission| submission.answers = answers(AnswerValue::Double(f64::NAN))),
        ];
        for (number, (reason, change)) in cases.into_iter().enumerate() {
            let mut submission = submission();
            change(&mut submission);
            assert_eq!(check_submission(&submission).unwrap_err().reason, reason, "case {number}");
        }
    }
}
