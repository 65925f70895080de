use chrono::{DateTime, Utc};
use uuid::Uuid;
use vendzz_schemas::events::QuizSubmitted;
use vendzz_schemas::ids::TimedId;

use super::text::{json, utm_without_empty};
use vendzz_runtime::row_fold::{FoldedRow, Week};
use vendzz_schemas::contract::{Violation, check_submission, moment};
use vendzz_schemas::event_time::event_time;

/// A row of `quiz_responses`. Key: (response_id, quiz_id); the first copy in the log stays.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseRow {
    pub response_id: TimedId,
    pub quiz_id: String,
    pub account_id: String,
    pub visitor_id: Option<Uuid>,
    pub version: i64,
    pub received_at: DateTime<Utc>,
    /// The time under which the response counts.
    pub event_at: DateTime<Utc>,
    pub append_at: DateTime<Utc>,
    /// The browser's clock, milliseconds since 1970 (UTC), unchecked.
    pub started_at_ms: Option<i64>,
    pub submitted_at_ms: Option<i64>,
    /// JSON objects.
    pub answers: String,
    pub hidden: String,
    pub utm: String,
    pub referrer: String,
    pub device: String,
    pub country: String,
    pub bot_verdict: String,
    pub bot_reasons: Vec<String>,
    pub tags: Vec<String>,
    pub source_offset: i64,
    /// Not stored: whether `event_at` is the append time for want of a plausible one.
    pub event_time_replaced: bool,
}

impl FoldedRow for ResponseRow {
    type Event = QuizSubmitted;

    fn of(event: QuizSubmitted, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation> {
        let ids = check_submission(&event)?;
        let counted_at = event_time(event.received_at, append_ms);
        Ok(Some(Self {
            response_id: ids.response,
            visitor_id: ids.visitor.map(|id| id.uuid()),
            version: event.version,
            received_at: moment(event.received_at)?,
            event_at: moment(counted_at.millis)?,
            append_at: moment(append_ms)?,
            started_at_ms: event.started_at,
            submitted_at_ms: event.submitted_at,
            answers: json(&event.answers)?,
            hidden: json(&event.hidden)?,
            utm: json(&utm_without_empty(&event.utm))?,
            quiz_id: event.quiz_id,
            account_id: event.account_id,
            referrer: event.referrer,
            device: event.device,
            country: event.country,
            bot_verdict: event.bot_verdict,
            bot_reasons: event.bot_reasons,
            tags: event.tags,
            source_offset: offset,
            event_time_replaced: counted_at.replaced,
        }))
    }

    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        // Stable, so that of two copies the first in the log comes first, and stays.
        rows.sort_by(|left, right| left.key().cmp(&right.key()));
        rows.dedup_by(|later, kept| later.key() == kept.key());
        rows
    }

    fn offset(&self) -> i64 {
        self.source_offset
    }

    fn week(&self) -> Option<Week> {
        Week::of(self.response_id.minted_at())
    }

    fn event_time_replaced(&self) -> bool {
        self.event_time_replaced
    }
}

impl ResponseRow {
    /// The primary key.
    pub fn key(&self) -> (Uuid, &str) {
        (self.response_id.uuid(), &self.quiz_id)
    }
}
