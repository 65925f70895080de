use serde::{Deserialize, Serialize};

use super::AvroEvent;

/// One version of a campaign, on `campaign.definition.v1` under the key `campaign_id/revision`: every
/// version stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDefinition {
    /// The account that owns the campaign, for ever.
    pub account_id: String,
    pub campaign_id: String,
    /// UUID of this version.
    pub revision: String,
    /// The quiz whose respondents are followed up, for ever.
    pub quiz_id: String,
    /// `draft`, `active`, `paused` or `ended`; see [`CampaignState`].
    pub state: String,
    /// When the admin API took this version, milliseconds since 1970 (UTC).
    pub changed_at: i64,
    /// The campaign document as JSON (`campaign::CampaignDocument`).
    pub document: String,
}

/// The states of a campaign as they are read from the wire. Only an active one makes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignState {
    Draft,
    Active,
    Paused,
    Ended,
    Unknown(String),
}

impl CampaignState {
    pub const NAMES: [&'static str; 4] = ["draft", "active", "paused", "ended"];

    pub fn from_wire(name: &str) -> Self {
        match name {
            "draft" => Self::Draft,
            "active" => Self::Active,
            "paused" => Self::Paused,
            "ended" => Self::Ended,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl CampaignDefinition {
    pub fn state(&self) -> CampaignState {
        CampaignState::from_wire(&self.state)
    }
}

impl AvroEvent for CampaignDefinition {
    const FULL_NAME: &'static str = "com.vendzz.CampaignDefinition";
    const SCHEMA: &'static str = include_str!("../../avro/CampaignDefinition.avsc");
}
