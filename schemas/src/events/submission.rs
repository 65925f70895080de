use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AnswerValue, AvroEvent, ElementSeen, Utm};

/// A finished quiz, on `quiz.submission.v1`. (quiz_id, response_id) is the idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuizSubmitted {
    pub account_id: String,
    pub quiz_id: String,
    /// UUIDv7.
    pub response_id: String,
    /// UUIDv7 of the browser, when the client said so.
    #[serde(default)]
    pub visitor_id: Option<String>,
    /// Version (offset in `quiz.definition.v1`) that was answered.
    pub version: i64,
    /// Edge time, milliseconds since 1970 (UTC).
    pub received_at: i64,
    /// Client clock when the quiz was opened and when it was sent; milliseconds since 1970 (UTC).
    #[serde(default)]
    pub started_at: Option<i64>,
    #[serde(default)]
    pub submitted_at: Option<i64>,
    /// By element id.
    pub answers: BTreeMap<String, AnswerValue>,
    pub hidden: BTreeMap<String, String>,
    pub utm: Utm,
    pub referrer: String,
    pub device: String,
    pub country: String,
    /// `human`, `suspect` or `bot`.
    pub bot_verdict: String,
    /// Reasons of the verdict, each a short word.
    #[serde(default)]
    pub bot_reasons: Vec<String>,
    pub address_hash: String,
    /// E.g. `stale_definition`, `unpublished`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The way through the quiz, each element once; empty when the client did not say.
    #[serde(default)]
    pub elements: Vec<ElementSeen>,
    /// How many of `elements`, from the first on, stood already in beacons sent before.
    #[serde(default)]
    pub reported: i32,
}

impl QuizSubmitted {
    pub const TAG_STALE_DEFINITION: &'static str = "stale_definition";
    pub const TAG_UNPUBLISHED: &'static str = "unpublished";

    /// Counted apart in analytics, and never followed up.
    pub fn is_bot(&self) -> bool {
        self.bot_verdict == "bot"
    }
}

impl AvroEvent for QuizSubmitted {
    const FULL_NAME: &'static str = "com.vendzz.QuizSubmitted";
    const SCHEMA: &'static str = include_str!("../../avro/QuizSubmitted.avsc");
}
