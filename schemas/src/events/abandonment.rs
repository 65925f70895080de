use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AnswerValue, AvroEvent, Utm};

/// Somebody gave a contact, left, and did not finish in time; on `quiz.abandoned.v1`. (quiz_id,
/// response_id) is the idempotency key, and every copy is the same, value for value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuizAbandoned {
    pub account_id: String,
    pub quiz_id: String,
    /// UUIDv7.
    pub response_id: String,
    #[serde(default)]
    pub visitor_id: Option<String>,
    /// Version (offset in `quiz.definition.v1`) that was answered.
    pub version: i64,
    /// When the last beacon was received, milliseconds since 1970 (UTC).
    pub last_seen_at: i64,
    /// `last_seen_at` and the time allowed to come back, milliseconds since 1970 (UTC). Campaigns are
    /// matched as they were in force at this moment, whenever the record is appended.
    pub abandoned_at: i64,
    /// Element that was shown last; empty when not known.
    pub last_element: String,
    pub elements_seen: i32,
    pub answers: BTreeMap<String, AnswerValue>,
    pub hidden: BTreeMap<String, String>,
    pub utm: Utm,
    pub referrer: String,
    pub device: String,
    pub country: String,
    /// `human`, `suspect` or `bot`.
    pub bot_verdict: String,
    #[serde(default)]
    pub tags: Vec<String>,
}

impl AvroEvent for QuizAbandoned {
    const FULL_NAME: &'static str = "com.vendzz.QuizAbandoned";
    const SCHEMA: &'static str = include_str!("../../avro/QuizAbandoned.avsc");
}
