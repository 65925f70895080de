use std::collections::BTreeMap;

use vendzz_schemas::campaign::Trigger;
use vendzz_schemas::event_time::event_time;
use vendzz_schemas::events::{AnswerValue, QuizAbandoned, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;

/// A response as it is followed up, whether it was finished or not.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    pub trigger: Trigger,
    pub account_id: &'a str,
    pub quiz_id: &'a str,
    pub response: TimedId,
    /// Version (offset in `quiz.definition.v1`) that was answered.
    pub version: i64,
    pub answers: &'a BTreeMap<String, AnswerValue>,
    pub hidden: &'a BTreeMap<String, String>,
    pub utm: &'a Utm,
    pub is_bot: bool,
    /// The moment that a step's delay is added to.
    pub base_ms: i64,
    /// When the respondent was there, for his contact.
    pub seen_at: i64,
    /// The moment at which campaigns must be in force.
    pub in_force_at: i64,
    /// Append time of the record. All times are milliseconds since 1970 (UTC).
    pub appended_at: i64,
    /// The event's own time was implausible, and the append time stands in for it.
    pub time_replaced: bool,
}

impl<'a> Event<'a> {
    /// A finished quiz: campaigns count as in force at its append, and delays run from when it was received.
    pub fn completed(submission: &'a QuizSubmitted, response: TimedId, append_ms: i64) -> Self {
        let received = event_time(submission.received_at, append_ms);
        Self {
            trigger: Trigger::Completed,
            account_id: &submission.account_id,
            quiz_id: &submission.quiz_id,
            response,
            version: submission.version,
            answers: &submission.answers,
            hidden: &submission.hidden,
            utm: &submission.utm,
            is_bot: submission.is_bot(),
            base_ms: received.millis,
            seen_at: received.millis,
            in_force_at: append_ms,
            appended_at: append_ms,
            time_replaced: received.replaced,
        }
    }

    /// An unfinished one: everything counts from the moment at which it was given up, so that a copy that is
    /// appended later says the same.
    pub fn abandoned(abandoned: &'a QuizAbandoned, response: TimedId, append_ms: i64) -> Self {
        Self {
            trigger: Trigger::Abandoned,
            account_id: &abandoned.account_id,
            quiz_id: &abandoned.quiz_id,
            response,
            version: abandoned.version,
            answers: &abandoned.answers,
            hidden: &abandoned.hidden,
            utm: &abandoned.utm,
            is_bot: abandoned.bot_verdict == "bot",
            base_ms: abandoned.abandoned_at,
            seen_at: abandoned.last_seen_at,
            in_force_at: abandoned.abandoned_at,
            appended_at: append_ms,
            time_replaced: false,
        }
    }
}
