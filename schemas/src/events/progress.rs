use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AnswerValue, AvroEvent, Utm};

/// One element that was shown, in the order of the way through the quiz.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementSeen {
    pub element_id: String,
    /// How long it was shown so far, by the client's clock, in milliseconds.
    pub millis: i64,
}

/// How far somebody has come, on `quiz.progress.v1`. (quiz_id, response_id, sequence) is the
/// idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuizProgressed {
    pub account_id: String,
    pub quiz_id: String,
    /// UUIDv7.
    pub response_id: String,
    #[serde(default)]
    pub visitor_id: Option<String>,
    /// Version (offset in `quiz.definition.v1`) that is answered.
    pub version: i64,
    /// 1 to [`QuizProgressed::MAX_SEQUENCE`]: the beacon's number within its response.
    pub sequence: i32,
    /// Edge time, milliseconds since 1970 (UTC).
    pub received_at: i64,
    /// Client clock when the quiz was opened, milliseconds since 1970 (UTC).
    #[serde(default)]
    pub started_at: Option<i64>,
    /// The way so far, from the first element to the one that is shown now.
    #[serde(default)]
    pub elements: Vec<ElementSeen>,
    /// How many of `elements`, from the first on, stood already in beacons sent before.
    pub reported: i32,
    /// Empty unless a contact was given and the quiz saves partial responses.
    pub answers: BTreeMap<String, AnswerValue>,
    pub hidden: BTreeMap<String, String>,
    pub utm: Utm,
    pub referrer: String,
    pub device: String,
    pub country: String,
    /// `human`, `suspect` or `bot`.
    pub bot_verdict: String,
    pub address_hash: String,
    /// E.g. `stale_definition`, `unpublished`.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl QuizProgressed {
    /// Beacons of a response at most.
    pub const MAX_SEQUENCE: i32 = 3;

    pub fn is_bot(&self) -> bool {
        self.bot_verdict == "bot"
    }
}

impl AvroEvent for QuizProgressed {
    const FULL_NAME: &'static str = "com.vendzz.QuizProgressed";
    const SCHEMA: &'static str = include_str!("../../avro/QuizProgressed.avsc");
}
