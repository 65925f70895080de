use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::Message;

/// The fields of a message that are compared, in the order of [`Marks`].
pub const FIELDS: [&str; 22] = [
    "account_id",
    "quiz_id",
    "response_id",
    "campaign_id",
    "revision",
    "step_id",
    "channel",
    "trigger",
    "recipient",
    "recipient_name",
    "language",
    "subject",
    "body",
    "html",
    "provider_template",
    "due_at",
    "max_late_ms",
    "quiet_hours",
    "frequency_cap",
    "sender_pool",
    "unless_finished",
    "unless_sent",
];

/// A fingerprint of each field, within this process: hundreds of thousands of messages are compared field by field
/// without being held, and nothing personal is shown where two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks([u32; FIELDS.len()]);

/// The names of the fields in which two messages differ.
pub fn differing_fields(one: &Marks, other: &Marks) -> Vec<&'static str> {
    let pairs = FIELDS.iter().zip(one.0.iter().zip(other.0));
    pairs.filter(|(_, (one, other))| **one != *other).map(|(name, _)| *name).collect()
}

impl Marks {
    /// Of a record as it stands in the log.
    pub fn of_record(record: &Value) -> Self {
        Self(FIELDS.map(|name| mark(&record[name])))
    }
}

impl Message {
    pub fn marks(&self) -> Marks {
        Marks::of_record(&self.as_record())
    }

    /// As the record of the log reads, without what is not compared.
    pub fn as_record(&self) -> Value {
        serde_json::json!({
            "account_id": self.account_id,
            "quiz_id": self.quiz_id,
            "response_id": self.response_id,
            "campaign_id": self.campaign_id,
            "revision": self.revision,
            "step_id": self.step_id,
            "channel": self.channel,
            "trigger": self.trigger,
            "recipient": self.recipient,
            "recipient_name": self.recipient_name,
            "language": self.language,
            "subject": self.subject,
            "body": self.body,
            "html": self.html,
            "provider_template": self.provider_template.as_ref().map(|(name, language, parameters)| {
                serde_json::json!({ "name": name, "language": language, "parameters": parameters })
            }),
            "due_at": self.due_at,
            "max_late_ms": self.max_late_ms,
            "quiet_hours": self.quiet_hours.map(|(from, to)| {
                serde_json::json!({ "from_minute": from, "to_minute": to })
            }),
            "frequency_cap": self.frequency_cap.map(|(messages, period_ms)| {
                serde_json::json!({ "messages": messages, "period_ms": period_ms })
            }),
            "sender_pool": self.sender_pool,
            "unless_finished": self.unless_finished,
            "unless_sent": self.unless_sent.map(|id| id.to_string()),
        })
    }
}

fn mark(value: &Value) -> u32 {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish() as u32
}
