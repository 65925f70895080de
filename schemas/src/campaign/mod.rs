//! A campaign as a marketer writes it: the document, its checks on writing, its variables and templates, and
//! which version of it is in force.

mod check;
mod document;

pub use check::{CampaignContext, check_campaign_value};
pub use document::{
    Audience, CampaignCondition, CampaignDocument, Channel, FrequencyCapRule, MessageTemplate,
    ProviderTemplateRule, QuietHoursRule, Step, VariableTest,
};
