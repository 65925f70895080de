//! A campaign as a marketer writes it: the document, its checks on writing, its variables and templates, and
//! which version of it is in force.
//!
//! ```text
//! PUT body ──check_campaign_value──> CampaignDocument ──> the log ──> CampaignDocument ──> CompiledCampaign ──in_force_at──┐
//!                ▲                                                                                                      ▼
//! quiz version ──of_quiz──> Variables ──gather(answers, outcome, contact, …)──> VariableValues ──decide, render──> messages
//! ```

mod check;
mod compiled;
mod condition;
mod document;
mod in_force;
mod sms_segments;
mod strangers_text;
mod template;
mod template_analysis;
#[cfg(test)]
mod testing;
mod values;
mod variables;
mod wording;

pub use check::{CampaignContext, MAX_CAMPAIGN_BYTES, check_campaign, check_campaign_value};
pub use compiled::{CompileError, CompiledCampaign, NoMatch, Occasion, RenderedStep, Trigger, max_chars};
pub use document::{
    Audience, CampaignCondition, CampaignDocument, Channel, FrequencyCapRule, MessageTemplate,
    ProviderTemplateRule, QuietHoursRule, Step, VariableTest,
};
pub use in_force::{CampaignVersion, CampaignVersions, effective_from};
pub use sms_segments::{SmsAlphabet, SmsSegments, sms_segments};
pub use strangers_text::{MAX_VARIABLE_CHARS, strangers_text};
pub use template::RenderError;
pub use values::{Contact, ResponseFacts, VariableValues};
pub use variables::{NameError, UtmField, Variable, VariableSource, Variables};
