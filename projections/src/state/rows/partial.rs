use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;
use vendzz_schemas::contract::{Violation, check_progress, moment};
use vendzz_schemas::event_time::event_time;
use vendzz_schemas::events::{ElementSeen, QuizProgressed};
use vendzz_schemas::ids::TimedId;

use super::text::{json, utm_without_empty};
use vendzz_runtime::row_fold::FoldedRow;

/// A row of `partial_responses`. Key: (response_id, quiz_id); of the beacons that brought answers the
/// one with the highest sequence, of its copies the first in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialRow {
    pub response_id: TimedId,
    pub quiz_id: String,
    pub account_id: String,
    pub visitor_id: Option<Uuid>,
    pub version: i64,
    /// 1 to 3.
    pub sequence: i32,
    /// Event time of the earliest beacon with answers, by event time, whichever makes the row.
    pub first_seen_at: DateTime<Utc>,
    /// Event time of the beacon that makes the row.
    pub last_seen_at: DateTime<Utc>,
    pub append_at: DateTime<Utc>,
    /// The browser's clock, milliseconds since 1970 (UTC), unchecked.
    pub started_at_ms: Option<i64>,
    /// JSON: `[{"id": …, "millis": …}, …]`.
    pub elements: String,
    /// Empty when no element was named.
    pub last_element: String,
    /// JSON objects.
    pub answers: String,
    pub hidden: String,
    pub utm: String,
    pub referrer: String,
    pub device: String,
    pub country: String,
    pub bot_verdict: String,
    pub tags: Vec<String>,
    pub source_offset: i64,
    /// Not stored: whether `last_seen_at` is the append time for want of a plausible one.
    pub event_time_replaced: bool,
}

impl FoldedRow for PartialRow {
    type Event = QuizProgressed;

    fn of(event: QuizProgressed, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation> {
        let ids = check_progress(&event)?;
        // Without a contact a beacon carries no answers, and nobody could be followed up.
        if event.answers.is_empty() {
            return Ok(None);
        }
        let seen_at = event_time(event.received_at, append_ms);
        Ok(Some(Self {
            response_id: ids.response,
            visitor_id: ids.visitor.map(|id| id.uuid()),
            version: event.version,
            sequence: event.sequence,
            first_seen_at: moment(seen_at.millis)?,
            last_seen_at: moment(seen_at.millis)?,
            append_at: moment(append_ms)?,
            started_at_ms: event.started_at,
            elements: json(&way(&event.elements))?,
            last_element: event.elements.last().map(|element| element.element_id.clone()).unwrap_or_default(),
            answers: json(&event.answers)?,
            hidden: json(&event.hidden)?,
            utm: json(&utm_without_empty(&event.utm))?,
            quiz_id: event.quiz_id,
            account_id: event.account_id,
            referrer: event.referrer,
            device: event.device,
            country: event.country,
            bot_verdict: event.bot_verdict,
            tags: event.tags,
            source_offset: offset,
            event_time_replaced: seen_at.replaced,
        }))
    }

    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        // Of one key the row that stays comes first.
        rows.sort_by(|left, right| {
            left.key().cmp(&right.key()).then(left.precedence().cmp(&right.precedence()))
        });
        rows.dedup_by(|other, kept| {
            let same_response = other.key() == kept.key();
            if same_response {
                kept.first_seen_at = kept.first_seen_at.min(other.first_seen_at);
            }
            same_response
        });
        rows
    }

    fn offset(&self) -> i64 {
        self.source_offset
    }

    fn event_time_replaced(&self) -> bool {
        self.event_time_replaced
    }
}

impl PartialRow {
    /// The primary key.
    pub fn key(&self) -> (Uuid, &str) {
        (self.response_id.uuid(), &self.quiz_id)
    }

    /// Of two rows of one key and one source the lesser one stays. `upsert_partials.sql` says the same.
    pub fn precedence(&self) -> (Reverse<i32>, DateTime<Utc>, i64) {
        (Reverse(self.sequence), self.append_at, self.source_offset)
    }
}

#[derive(Serialize)]
struct Step<'a> {
    id: &'a str,
    millis: i64,
}

fn way(elements: &[ElementSeen]) -> Vec<Step<'_>> {
    elements.iter().map(|element| Step { id: &element.element_id, millis: element.millis }).collect()
}
