use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// Somebody opened a quiz, on `quiz.view.v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuizViewed {
    pub account_id: String,
    pub quiz_id: String,
    /// UUIDv7, kept by the browser or minted by the edge.
    pub visitor_id: String,
    /// Version (offset in `quiz.definition.v1`) that was shown, when the client said so.
    #[serde(default)]
    pub version: Option<i64>,
    /// Edge time, milliseconds since 1970 (UTC).
    pub received_at: i64,
    /// `mobile`, `tablet`, `desktop`, `bot` or `unknown`.
    pub device: String,
    /// ISO 3166-1 alpha-2, or empty when not known.
    pub country: String,
    /// Page that led here: scheme, host and path, without query.
    pub referrer: String,
    pub utm: Utm,
    /// `human`, `suspect` or `bot`.
    pub bot_verdict: String,
    /// Salted hash of the client's address under the key of the day, hexadecimal.
    pub address_hash: String,
}

/// Campaign parameters of the page's URL; empty when absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utm {
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub medium: String,
    #[serde(default)]
    pub campaign: String,
    #[serde(default)]
    pub term: String,
    #[serde(default)]
    pub content: String,
}

impl AvroEvent for QuizViewed {
    const FULL_NAME: &'static str = "com.vendzz.QuizViewed";
    const SCHEMA: &'static str = include_str!("../../avro/QuizViewed.avsc");
}
