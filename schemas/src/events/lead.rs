use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// A contact of the respondent was found in a response; on `lead.detected.v1`. (lead_id, quiz_id,
/// response_id) is the idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadDetected {
    pub account_id: String,
    /// UUIDv8, see [`crate::ids::lead_id`].
    pub lead_id: String,
    pub quiz_id: String,
    /// UUIDv7.
    pub response_id: String,
    /// `email` or `phone`.
    pub field: String,
    /// Normalised: an e-mail address, or a phone number as E.164.
    pub value: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Element whose answer is the evidence.
    pub element_id: String,
    /// `typed_element`, `validated_value` or `label`.
    pub evidence: String,
    #[serde(default)]
    pub name: Option<LeadName>,
    /// `completed` or `abandoned`.
    pub trigger: String,
    /// When the response was given, milliseconds since 1970 (UTC).
    pub seen_at: i64,
}

/// The respondent's name as found in the same response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadName {
    pub value: String,
    pub confidence: f64,
    pub element_id: String,
    pub evidence: String,
}

impl AvroEvent for LeadDetected {
    const FULL_NAME: &'static str = "com.vendzz.LeadDetected";
    const SCHEMA: &'static str = include_str!("../../avro/LeadDetected.avsc");
}
