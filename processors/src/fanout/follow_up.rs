//! What becomes of one response. Pure: the same response, quiz and campaigns always give the same.

use std::sync::Arc;

use vendzz_schemas::campaign::{
    Audience, Channel, CompiledCampaign, Contact, NoMatch, Occasion, RenderError, RenderedStep,
    ResponseFacts, Trigger, VariableValues, strangers_text,
};
use vendzz_schemas::definition::outcome;
use vendzz_schemas::events::{CampaignMessage, LeadDetected, LeadName};
use vendzz_schemas::ids::{MessageOrigin, account_key, lead_id, message_id};

use super::{Event, QuizVersion};
use crate::leads::{Contacts, Found};

/// What a response leads to.
#[derive(Debug, Default)]
pub struct FollowUp<'a> {
    /// One for each contact of the respondent's.
    pub leads: Vec<LeadDetected>,
    /// In the order of the campaigns and of their steps.
    pub messages: Vec<CampaignMessage>,
    /// Why there are not more messages.
    pub skipped: Vec<Skipped<'a>>,
}

/// Something that made no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped<'a> {
    /// `None`: the response as a whole.
    pub campaign_id: Option<&'a str>,
    /// `None`: all steps of the campaign.
    pub step_id: Option<&'a str>,
    pub reason: SkipReason,
}

/// Why something made no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    Bot,
    /// The same response stands earlier in the log.
    Duplicate,
    /// Appended before the moment from which fan-out was told to emit.
    BeforeEmitFrom,
    NotActive,
    OtherAccount,
    OtherQuiz,
    Audience,
    Condition,
    NoContact,
    /// Nothing is left of a text that the step needs.
    EmptyText,
    TemplateFailed,
    /// A version of a campaign that this program cannot work with.
    Unusable,
}

impl SkipReason {
    pub const ALL: [Self; 12] = [
        Self::Bot,
        Self::Duplicate,
        Self::BeforeEmitFrom,
        Self::NotActive,
        Self::OtherAccount,
        Self::OtherQuiz,
        Self::Audience,
        Self::Condition,
        Self::NoContact,
        Self::EmptyText,
        Self::TemplateFailed,
        Self::Unusable,
    ];

    /// A bounded word for metrics and for `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Duplicate => "duplicate",
            Self::BeforeEmitFrom => "before_emit_from",
            Self::NotActive => "not_active",
            Self::OtherAccount => "other_account",
            Self::OtherQuiz => "other_quiz",
            Self::Audience => "audience",
            Self::Condition => "condition",
            Self::NoContact => "no_contact",
            Self::EmptyText => "empty_text",
            Self::TemplateFailed => "template_failed",
            Self::Unusable => "unusable",
        }
    }
}

impl From<NoMatch> for SkipReason {
    fn from(reason: NoMatch) -> Self {
        match reason {
            NoMatch::NotActive => Self::NotActive,
            NoMatch::OtherAccount => Self::OtherAccount,
            NoMatch::OtherQuiz => Self::OtherQuiz,
            NoMatch::OtherAudience => Self::Audience,
            NoMatch::ConditionFails => Self::Condition,
        }
    }
}

impl From<RenderError> for SkipReason {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Empty => Self::EmptyText,
            RenderError::OutOfFuel | RenderError::TooLong { .. } | RenderError::Failed => {
                Self::TemplateFailed
            }
        }
    }
}

/// Leads and messages of one response.
///
/// `quiz` is the version by which the answers are read, `campaigns` are those in force at
/// [`Event::in_force_at`], and `lead_key` is the installation's secret behind the ids of contacts.
pub fn follow_up<'a>(
    event: &Event<'_>,
    quiz: &QuizVersion,
    campaigns: &'a [Arc<CompiledCampaign>],
    lead_key: &[u8],
) -> FollowUp<'a> {
    let mut made = FollowUp::default();
    if event.is_bot {
        made.skipped.push(Skipped { campaign_id: None, step_id: None, reason: SkipReason::Bot });
        return made;
    }
    let found = quiz.detect_leads(event.answers);
    made.leads = leads_of(event, &found, lead_key);
    let occasion = Occasion { account_id: event.account_id, quiz_id: event.quiz_id, trigger: event.trigger };
    // Gathered for the first campaign that speaks on this occasion, then shared by all.
    let mut respondent: Option<Respondent<'_>> = None;
    for campaign in campaigns {
        let of_campaign =
            |step_id, reason| Skipped { campaign_id: Some(campaign.campaign_id()), step_id, reason };
        if let Err(reason) = campaign.speaks_on(&occasion) {
            made.skipped.push(of_campaign(None, reason.into()));
            continue;
        }
        let respondent = respondent.get_or_insert_with(|| Respondent::new(event, quiz, &found));
        if !campaign.matches(&respondent.values) {
            made.skipped.push(of_campaign(None, SkipReason::Condition));
            continue;
        }
        let Some(recipient) = respondent.recipient(campaign.channel()) else {
            made.skipped.push(of_campaign(None, SkipReason::NoContact));
            continue;
        };
        for (place, step) in campaign.steps().iter().enumerate() {
            match campaign.render(place, &respondent.values) {
                Ok(texts) => {
                    let message = Step { campaign, place, recipient, texts };
                    made.messages.push(message.into_message(event, quiz, respondent));
                }
                Err(error) => made.skipped.push(of_campaign(Some(&step.id), error.into())),
            }
        }
    }
    made
}

/// What every message to one respondent shares.
struct Respondent<'a> {
    values: VariableValues,
    response_id: String,
    name: String,
    email: Option<&'a str>,
    phone: Option<&'a str>,
}

impl<'a> Respondent<'a> {
    fn new(event: &Event<'_>, quiz: &QuizVersion, found: &'a Contacts) -> Self {
        let value = |found: &'a Option<Found>| found.as_ref().map(|found| found.value.as_str());
        let contact =
            Contact { name: value(&found.name), email: value(&found.email), phone: value(&found.phone) };
        let response_id = event.response.to_string();
        let outcome = outcome(&quiz.document, &quiz.compiled, event.answers);
        let facts = ResponseFacts {
            answers: event.answers,
            hidden: event.hidden,
            utm: event.utm,
            outcome: &outcome,
            contact,
            response_id: &response_id,
        };
        Self {
            values: VariableValues::gather(&quiz.variables, &facts),
            name: contact.name.map(strangers_text).unwrap_or_default(),
            email: contact.email,
            phone: contact.phone,
            response_id,
        }
    }

    fn recipient(&self, channel: Channel) -> Option<&'a str> {
        match channel {
            Channel::Email => self.email,
            Channel::Sms | Channel::Whatsapp | Channel::Voice => self.phone,
        }
    }
}

/// One step for one respondent.
struct Step<'a> {
    campaign: &'a CompiledCampaign,
    place: usize,
    recipient: &'a str,
    texts: RenderedStep,
}

impl Step<'_> {
    fn into_message(
        self,
        event: &Event<'_>,
        quiz: &QuizVersion,
        respondent: &Respondent<'_>,
    ) -> CampaignMessage {
        let Self { campaign, place, recipient, texts } = self;
        let step = &campaign.steps()[place];
        let id_of = |trigger: Trigger| {
            let origin = MessageOrigin {
                account_id: event.account_id,
                quiz_id: event.quiz_id,
                campaign_id: campaign.campaign_id(),
                step_id: &step.id,
                channel: campaign.channel().name(),
                trigger: trigger.name(),
            };
            message_id(&origin, &event.response).to_string()
        };
        // Of a campaign for all, an abandonment may have made the same step's message before.
        let is_second = campaign.audience() == Audience::All && event.trigger == Trigger::Completed;
        CampaignMessage {
            message_id: id_of(event.trigger),
            account_id: event.account_id.to_owned(),
            quiz_id: event.quiz_id.to_owned(),
            response_id: respondent.response_id.clone(),
            campaign_id: campaign.campaign_id().to_owned(),
            revision: campaign.revision().to_owned(),
            step_id: step.id.clone(),
            channel: campaign.channel().name().to_owned(),
            trigger: event.trigger.name().to_owned(),
            recipient: recipient.to_owned(),
            recipient_name: respondent.name.clone(),
            language: quiz.document.language.clone(),
            subject: texts.subject,
            body: texts.body,
            html: texts.html,
            provider_template: texts.provider_template,
            due_at: event.base_ms.saturating_add(step.delay_seconds.saturating_mul(1_000)),
            max_late_ms: step.max_late_seconds().saturating_mul(1_000),
            quiet_hours: campaign.quiet_hours(),
            frequency_cap: campaign.frequency_cap(),
            sender_pool: campaign.document().sender_pool.clone(),
            unless_finished: event.trigger == Trigger::Abandoned,
            unless_sent: is_second.then(|| id_of(Trigger::Abandoned)),
            made_from_at: event.appended_at,
        }
    }
}

fn leads_of(event: &Event<'_>, found: &Contacts, lead_key: &[u8]) -> Vec<LeadDetected> {
    let contacts = [("email", &found.email), ("phone", &found.phone)];
    if contacts.iter().all(|(_, contact)| contact.is_none()) {
        return Vec::new();
    }
    let account_key = account_key(lead_key, event.account_id);
    let name = found.name.as_ref().map(|name| LeadName {
        value: name.value.clone(),
        confidence: name.confidence,
        element_id: name.element_id.clone(),
        evidence: name.evidence.name().to_owned(),
    });
    let mut leads = Vec::with_capacity(2);
    for (field, contact) in contacts {
        let Some(contact) = contact else { continue };
        leads.push(LeadDetected {
            account_id: event.account_id.to_owned(),
            lead_id: lead_id(&account_key, field, &contact.value).to_string(),
            quiz_id: event.quiz_id.to_owned(),
            response_id: event.response.to_string(),
            field: field.to_owned(),
            value: contact.value.clone(),
            confidence: contact.confidence,
            element_id: contact.element_id.clone(),
            evidence: contact.evidence.name().to_owned(),
            name: name.clone(),
            trigger: event.trigger.name().to_owned(),
            seen_at: event.seen_at,
        });
    }
    leads
}

#[cfg(test)]
#[path = "follow_up_tests.rs"]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests;
