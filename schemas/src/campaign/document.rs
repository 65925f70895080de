use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::topics;

/// The document of one version of a campaign, as it stands in the log.
///
/// Reading ignores unknown fields: a service must be able to read what a newer build has written. Writing
/// refuses them, see [`super::check_campaign_value`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignDocument {
    pub account_id: String,
    pub quiz_id: String,
    pub name: String,
    /// A name of [`Channel`]; for ever that of the first version.
    pub channel: String,
    /// A name of [`Audience`].
    pub audience: String,
    /// `draft`, `active`, `paused` or `ended`.
    pub state: String,
    /// Not in force before, milliseconds since 1970 (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_from: Option<i64>,
    /// Whom it follows up; everybody, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<CampaignCondition>,
    /// One at least.
    pub steps: Vec<Step>,
    /// Pool of senders at the channel's connector.
    pub sender_pool: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHoursRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_cap: Option<FrequencyCapRule>,
    /// By the variable's name: what stands in for it where a response lacks it. Empty text otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
}

/// One message of a campaign.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `[a-z0-9_-]{1,64}`; once removed, never used again.
    pub id: String,
    /// After the response (or the moment at which it counts as abandoned).
    #[serde(default)]
    pub delay_seconds: i64,
    /// Later than this after it was due it is not sent; six hours when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_late_seconds: Option<i64>,
    pub template: MessageTemplate,
}

impl Step {
    pub const DEFAULT_MAX_LATE_SECONDS: i64 = 6 * 3_600;

    pub fn max_late_seconds(&self) -> i64 {
        self.max_late_seconds.unwrap_or(Self::DEFAULT_MAX_LATE_SECONDS)
    }
}

/// What is said. Each text is a template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageTemplate {
    /// Of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of an SMS, a WhatsApp session message, a voice, and the plain part of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Of a WhatsApp message, instead of `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_template: Option<ProviderTemplateRule>,
}

/// A message that the provider has approved beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProviderTemplateRule {
    pub name: String,
    pub language: String,
    /// Each a template.
    #[serde(default)]
    pub parameters: Vec<String>,
}

/// When nothing is sent, `HH:MM` in the recipient's time zone; over midnight when `to` is before `from`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuietHoursRule {
    pub from: String,
    pub to: String,
}

/// How many messages of the account a recipient gets on this channel within so many hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FrequencyCapRule {
    pub messages: i32,
    pub hours: i32,
}

/// When a response is followed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CampaignCondition {
    All {
        all: Vec<CampaignCondition>,
    },
    Any {
        any: Vec<CampaignCondition>,
    },
    Test(VariableTest),
    /// Of a kind that this build does not know; never holds.
    Unknown(Value),
}

/// A question to one variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableTest {
    /// As in templates: `answers.renda`, `score`, `utm.source`, `hidden.parceiro`, …
    pub variable: String,
    /// A name of [`crate::definition::Operator`].
    pub is: String,
    /// What the variable is compared with; absent for `answered` and `not_answered`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// The way in which a campaign reaches people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    Sms,
    Email,
    Whatsapp,
    Voice,
}

impl Channel {
    pub const ALL: [Self; 4] = [Self::Sms, Self::Email, Self::Whatsapp, Self::Voice];

    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Whatsapp => "whatsapp",
            Self::Voice => "voice",
        }
    }

    /// Catalogue name of the topic of its messages.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Sms => topics::CAMPAIGN_SMS,
            Self::Email => topics::CAMPAIGN_EMAIL,
            Self::Whatsapp => topics::CAMPAIGN_WHATSAPP,
            Self::Voice => topics::CAMPAIGN_VOICE,
        }
    }
}

/// Whom a campaign follows up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    All,
    Completed,
    Abandoned,
}

impl Audience {
    pub const ALL: [Self; 3] = [Self::All, Self::Completed, Self::Abandoned];

    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}
