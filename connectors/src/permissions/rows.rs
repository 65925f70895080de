//! What the tables of permissions hold.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vendzz_schemas::campaign::Channel;

use super::Contact;

/// Whom a row is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub account_id: String,
    pub channel: Channel,
    pub contact: Contact,
}

/// Why somebody is suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An inbound message that was an opt-out word.
    OptOut,
    /// A link in a message.
    Unsubscribed,
    /// A provider said that the contact has opted out there.
    Provider,
    /// A list that was imported.
    Import,
    /// Somebody decided it.
    Person,
}

impl Reason {
    pub const ALL: [Self; 5] = [Self::OptOut, Self::Unsubscribed, Self::Provider, Self::Import, Self::Person];

    pub fn word(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::Unsubscribed => "unsubscribed",
            Self::Provider => "provider",
            Self::Import => "import",
            Self::Person => "person",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    Granted,
    Withdrawn,
}

impl ConsentState {
    pub const ALL: [Self; 2] = [Self::Granted, Self::Withdrawn];

    pub fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for ConsentState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A row of `suppressions`, as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Suppression {
    #[sqlx(rename = "account_id")]
    pub account: String,
    pub channel: String,
    pub contact: String,
    pub reason: String,
    pub suppressed_at: DateTime<Utc>,
}

/// A row of `consents`, as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    #[sqlx(rename = "account_id")]
    pub account: String,
    pub channel: String,
    pub contact: String,
    pub state: String,
    pub source: String,
    pub changed_at: DateTime<Utc>,
}

/// A row of `permission_audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub entry: i64,
    pub at: DateTime<Utc>,
    #[sqlx(rename = "account_id")]
    pub account: String,
    pub channel: String,
    pub contact: String,
    /// `suppressed`, `unsuppressed`, `granted` or `withdrawn`.
    pub action: String,
    pub reason: String,
    pub actor: String,
}

/// A consent to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentKey {
    pub key: Key,
    pub state: ConsentState,
    /// Checked by [`check_source`].
    pub source: String,
}

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of every account when absent.
    pub account_id: Option<String>,
    pub channel: Option<Channel>,
    /// In its normalised form.
    pub contact: Option<String>,
    /// Account, channel and contact of the row after which the page begins.
    pub after: Option<(String, String, String)>,
    /// Rows at most.
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must say in 1 to 200 characters, without control characters, where the consent was given or withdrawn"
)]
pub struct SourceError;

/// A consent's source, without the spaces around it.
pub fn check_source(text: &str) -> Result<String, SourceError> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > 200 || text.chars().any(char::is_control) {
        return Err(SourceError);
    }
    Ok(text.to_owned())
}
