use std::collections::BTreeMap;
use std::sync::Arc;

use super::condition::CompiledCondition;
use super::template::{Context, RenderError, Template, TextKind};
use super::{Audience, CampaignDocument, Channel, Step, VariableValues};
use crate::elements::checks::time::parse_time;
use crate::events::{CampaignState, FrequencyCap, ProviderTemplate, QuietHours};

/// The most characters that a rendered text may have, by what it is.
pub mod max_chars {
    /// Six parts of an SMS.
    pub const SMS: usize = 918;
    pub const WHATSAPP: usize = 4_096;
    pub const VOICE: usize = 1_500;
    pub const SUBJECT: usize = 200;
    pub const EMAIL_TEXT: usize = 20_000;
    pub const EMAIL_HTML: usize = 60_000;
    /// One parameter of a provider's template.
    pub const PARAMETER: usize = 1_024;
}

/// One version of a campaign, made ready: compiled once, then shared and only read.
///
/// It does not depend on a version of the quiz. A variable that a response's version does not have is absent, and
/// a condition on it is as one on a question that was not answered.
#[derive(Debug)]
pub struct CompiledCampaign {
    campaign_id: String,
    revision: String,
    document: CampaignDocument,
    state: CampaignState,
    channel: Channel,
    audience: Audience,
    when: Option<CompiledCondition>,
    steps: Vec<CompiledTemplates>,
    defaults: Arc<BTreeMap<String, String>>,
}

/// A version that this build cannot work with. It was checked on writing, so a newer build wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    #[error("the channel is not known")]
    UnknownChannel,
    #[error("the audience is not known")]
    UnknownAudience,
    #[error("a template of step {step} cannot be read: {detail}")]
    BadTemplate { step: usize, detail: String },
}

/// What became of a response: the reason for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    Completed,
    Abandoned,
}

impl Trigger {
    pub const ALL: [Self; 2] = [Self::Completed, Self::Abandoned];

    /// As in events and in [`crate::ids::message_id`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }

    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trigger| trigger.name() == name)
    }
}

/// What a campaign is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    pub account_id: &'a str,
    pub quiz_id: &'a str,
    pub trigger: Trigger,
}

/// Why a campaign says nothing to a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoMatch {
    #[error("the campaign is not active")]
    NotActive,
    #[error("the campaign is another account's")]
    OtherAccount,
    #[error("the campaign follows up another quiz")]
    OtherQuiz,
    #[error("the campaign is not for responses of this kind (completed or abandoned)")]
    OtherAudience,
    #[error("the campaign's condition does not hold")]
    ConditionFails,
}

/// The texts of one message. What the channel does not have is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RenderedStep {
    pub subject: String,
    pub body: String,
    pub html: String,
    pub provider_template: Option<ProviderTemplate>,
}

impl CompiledCampaign {
    pub fn new(campaign_id: &str, revision: &str, document: &CampaignDocument) -> Result<Self, CompileError> {
        let channel = Channel::from_wire(&document.channel).ok_or(CompileError::UnknownChannel)?;
        let mut steps = Vec::with_capacity(document.steps.len());
        for (place, step) in document.steps.iter().enumerate() {
            let compiled = CompiledTemplates::new(step, channel);
            steps.push(compiled.map_err(|detail| CompileError::BadTemplate { step: place, detail })?);
        }
        Ok(Self {
            campaign_id: campaign_id.to_owned(),
            revision: revision.to_owned(),
            state: CampaignState::from_wire(&document.state),
            channel,
            audience: Audience::from_wire(&document.audience).ok_or(CompileError::UnknownAudience)?,
            when: document.when.as_ref().map(CompiledCondition::new),
            steps,
            defaults: Arc::new(document.defaults.clone()),
            document: document.clone(),
        })
    }

    pub fn campaign_id(&self) -> &str {
        &self.campaign_id
    }

    pub fn revision(&self) -> &str {
        &self.revision
    }

    pub fn document(&self) -> &CampaignDocument {
        &self.document
    }

    pub fn channel(&self) -> Channel {
        self.channel
    }

    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// In their order; [`Self::render`] takes a step's place in it.
    pub fn steps(&self) -> &[Step] {
        &self.document.steps
    }

    /// Whether it speaks on this occasion at all, before any value is looked at.
    pub fn speaks_on(&self, occasion: &Occasion<'_>) -> Result<(), NoMatch> {
        if self.state != CampaignState::Active {
            return Err(NoMatch::NotActive);
        }
        if self.document.account_id != occasion.account_id {
            return Err(NoMatch::OtherAccount);
        }
        if self.document.quiz_id != occasion.quiz_id {
            return Err(NoMatch::OtherQuiz);
        }
        let is_meant = match self.audience {
            Audience::All => true,
            Audience::Completed => occasion.trigger == Trigger::Completed,
            Audience::Abandoned => occasion.trigger == Trigger::Abandoned,
        };
        if is_meant { Ok(()) } else { Err(NoMatch::OtherAudience) }
    }

    /// Whether its condition holds.
    pub fn matches(&self, values: &VariableValues) -> bool {
        self.when.as_ref().is_none_or(|condition| condition.holds(values))
    }

    /// Both, with the first reason why not.
    pub fn decide(&self, occasion: &Occasion<'_>, values: &VariableValues) -> Result<(), NoMatch> {
        self.speaks_on(occasion)?;
        if self.matches(values) { Ok(()) } else { Err(NoMatch::ConditionFails) }
    }

    /// The texts of the step at this place for one response.
    ///
    /// # Panics
    /// When there is no such step.
    pub fn render(&self, step: usize, values: &VariableValues) -> Result<RenderedStep, RenderError> {
        self.steps[step].render(&Context::new(values, &self.defaults))
    }

    /// None when the campaign has none, or not in a form that can be read.
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        let rule = self.document.quiet_hours.as_ref()?;
        let minute = |text| parse_time(text).and_then(|minute| i32::try_from(minute).ok());
        Some(QuietHours { from_minute: minute(&rule.from)?, to_minute: minute(&rule.to)? })
    }

    pub fn frequency_cap(&self) -> Option<FrequencyCap> {
        let rule = self.document.frequency_cap?;
        Some(FrequencyCap { messages: rule.messages, period_ms: i64::from(rule.hours) * 3_600_000 })
    }
}

/// The templates of one step.
#[derive(Debug)]
pub(super) struct CompiledTemplates {
    subject: Option<Template>,
    text: Option<Template>,
    html: Option<Template>,
    provider: Option<(String, String, Vec<Template>)>,
}

impl CompiledTemplates {
    fn new(step: &Step, channel: Channel) -> Result<Self, String> {
        let compile = |source: &Option<String>, kind, max_chars| {
            source.as_deref().map(|source| Template::compile(source, kind, max_chars)).transpose()
        };
        let template = &step.template;
        let provider = |rule: &super::ProviderTemplateRule| {
            let parameter =
                |source: &String| Template::compile(source, TextKind::Plain, max_chars::PARAMETER);
            let parameters = rule.parameters.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
            Ok((rule.name.clone(), rule.language.clone(), parameters))
        };
        let compiled = || {
            Ok(Self {
                subject: compile(&template.subject, TextKind::Plain, max_chars::SUBJECT)?,
                text: compile(&template.text, TextKind::Plain, max_text_chars(channel))?,
                html: compile(&template.html, TextKind::Html, max_chars::EMAIL_HTML)?,
                provider: template.provider_template.as_ref().map(provider).transpose()?,
            })
        };
        compiled().map_err(|fault: super::template_analysis::TemplateFault| fault.detail)
    }

    fn render(&self, context: &Context) -> Result<RenderedStep, RenderError> {
        let render = |template: &Option<Template>| match template {
            Some(template) => template.render(context),
            None => Ok(String::new()),
        };
        let mut provider_template = None;
        if let Some((name, language, templates)) = &self.provider {
            let mut parameters = Vec::with_capacity(templates.len());
            for template in templates {
                parameters.push(on_one_line(&template.render(context)?));
            }
            provider_template =
                Some(ProviderTemplate { name: name.clone(), language: language.clone(), parameters });
        }
        Ok(RenderedStep {
            subject: on_one_line(&render(&self.subject)?),
            body: render(&self.text)?,
            html: render(&self.html)?,
            provider_template,
        })
    }
}

/// The most characters of a step's `text`.
pub(super) fn max_text_chars(channel: Channel) -> usize {
    match channel {
        Channel::Sms => max_chars::SMS,
        Channel::Email => max_chars::EMAIL_TEXT,
        Channel::Whatsapp => max_chars::WHATSAPP,
        Channel::Voice => max_chars::VOICE,
    }
}

/// A subject with a line break would end the header; providers refuse parameters with one.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "compiled_tests.rs"]
mod tests;
