use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// One message to be sent, rendered; on `campaign.{sms,email,whatsapp,voice}.v1`. `message_id` is the
/// idempotency key, and copies are the same, value for value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignMessage {
    /// UUIDv8, see [`crate::ids::message_id`].
    pub message_id: String,
    pub account_id: String,
    pub quiz_id: String,
    /// UUIDv7 of the response that is followed up.
    pub response_id: String,
    pub campaign_id: String,
    /// UUID of the campaign's version that was in force.
    pub revision: String,
    pub step_id: String,
    /// `sms`, `email`, `whatsapp` or `voice`.
    pub channel: String,
    /// `completed` or `abandoned`.
    pub trigger: String,
    /// E-mail address, or phone number as E.164.
    pub recipient: String,
    /// Empty when none was found.
    pub recipient_name: String,
    /// BCP 47, that of the quiz.
    pub language: String,
    /// Of an e-mail; empty otherwise.
    pub subject: String,
    /// Plain text; empty for a provider's template.
    pub body: String,
    /// Of an e-mail; empty otherwise.
    pub html: String,
    #[serde(default)]
    pub provider_template: Option<ProviderTemplate>,
    /// Not to be sent before, milliseconds since 1970 (UTC).
    pub due_at: i64,
    /// More than this after `due_at` it is not sent any more; quiet hours not counted.
    pub max_late_ms: i64,
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    #[serde(default)]
    pub frequency_cap: Option<FrequencyCap>,
    pub sender_pool: String,
    /// Not to be sent once (quiz_id, response_id) stands among the submissions.
    pub unless_finished: bool,
    /// The message of the same step that an abandonment made before: not to be sent when that one was.
    #[serde(default)]
    pub unless_sent: Option<String>,
    /// Append time of the event that made it, milliseconds since 1970 (UTC).
    pub made_from_at: i64,
}

/// A message that the provider has approved beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTemplate {
    pub name: String,
    pub language: String,
    /// Rendered, in their order.
    pub parameters: Vec<String>,
}

/// Minutes of the day, in the recipient's time zone, in which nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// First minute, 0 to 1439.
    pub from_minute: i32,
    /// First minute after them, 0 to 1439; before `from_minute`: over midnight.
    pub to_minute: i32,
}

/// How many messages a recipient gets of an account on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyCap {
    pub messages: i32,
    pub period_ms: i64,
}

impl AvroEvent for CampaignMessage {
    const FULL_NAME: &'static str = "com.vendzz.CampaignMessage";
    const SCHEMA: &'static str = include_str!("../../avro/CampaignMessage.avsc");
}
