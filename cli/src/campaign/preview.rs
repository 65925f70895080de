use std::sync::Arc;

use anyhow::anyhow;
use serde::Serialize;
use vendzz_processors::fanout::{
    FoundVersion, HeldCampaign, NoticeConfig, QuizVersion, SkipReason, follow_up,
};
use vendzz_processors::leads::{Contacts, Found};
use vendzz_runtime::config::Env;
use vendzz_runtime::postgres::PostgresConfig;
use vendzz_schemas::campaign::{CampaignDocument, CompiledCampaign};
use vendzz_schemas::definition::{Outcome, outcome};
use vendzz_schemas::events::{CampaignMessage, CampaignState};
use vendzz_schemas::ids::check_name;

use super::definitions::Definitions;
use super::response::{Response, ResponseSource};
use super::show;
use crate::exit::{Answer, Usage};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file for --response: {\"answers\": {\"nome\": \"Ana\", …}, \"hidden\": {…}, \"utm\": {\"source\": …}, \"abandoned\": true}
Exit status 1: nothing would be sent.")]
pub(crate) struct Options {
    #[arg(help = "Id of the campaign")]
    campaign: String,
    #[arg(long, help = "Id of a stored response, finished or partial, or a JSON file")]
    response: String,
    #[arg(long, help = "The version that was in force for this response, instead of the newest one")]
    in_force: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// What a campaign says to one response.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    pub(super) campaign: String,
    pub(super) revision: String,
    pub(super) state: String,
    pub(super) quiz: String,
    pub(super) quiz_version: i64,
    pub(super) response: String,
    /// `completed` or `abandoned`.
    pub(super) trigger: &'static str,
    pub(super) score: i64,
    pub(super) result: Option<String>,
    pub(super) email: Option<Evidence>,
    pub(super) phone: Option<Evidence>,
    pub(super) name: Option<Evidence>,
    /// Why nothing, or less, would really be sent.
    pub(super) why_not: Vec<WhyNot>,
    /// What it says, also where only its state or the bot check keeps it from being sent.
    pub(super) messages: Vec<CampaignMessage>,
}

/// A contact, and where it was found.
#[derive(Debug, Serialize)]
pub(super) struct Evidence {
    pub(super) value: String,
    pub(super) element: String,
    pub(super) evidence: &'static str,
    pub(super) confidence: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct WhyNot {
    /// `None`: all steps.
    pub(super) step: Option<String>,
    pub(super) reason: &'static str,
    pub(super) detail: &'static str,
}

impl Preview {
    fn would_send(&self) -> bool {
        !self.messages.is_empty() && self.why_not.iter().all(|why| why.step.is_some())
    }
}

pub(super) async fn run(options: Options, settings: &Settings) -> anyhow::Result<Answer> {
    if let Err(error) = check_name(&options.campaign) {
        return Err(Usage(format!("a campaign id {error}")).into());
    }
    let env = Env::process();
    let notice = NoticeConfig::read(&env);
    let postgres = PostgresConfig::read(&env);
    let abandon_after = vendzz_processors::abandonment::abandon_after(&env);
    env.finish().map_err(|mistakes| Usage(mistakes.to_string()))?;
    let definitions = Definitions::read(settings, notice.notice).await?;
    let versions = definitions.campaigns.all().remove(&options.campaign);
    let newest = versions.as_ref().and_then(|versions| versions.newest());
    let Some((versions, newest)) = versions.as_ref().zip(newest) else {
        return Err(Usage(format!(
            "there is no campaign {}; `vendzz campaign list` shows them",
            options.campaign
        ))
        .into());
    };
    let owner = &newest.content.definition;
    let response = match ResponseSource::of(&options.response) {
        ResponseSource::File(path) => Response::from_file(&path, &owner.account_id, &owner.quiz_id)?,
        ResponseSource::Stored(id) => {
            let after_ms = i64::try_from(abandon_after.as_millis()).unwrap_or(i64::MAX);
            Response::stored(&postgres, id, &owner.quiz_id, after_ms).await?.ok_or_else(|| {
                Usage(format!(
                    "quiz {} has no response {id}, finished or partial, in PostgreSQL",
                    owner.quiz_id
                ))
            })?
        }
    };
    let in_force = || versions.in_force_at(response.event(0).in_force_at);
    let version = if options.in_force { in_force() } else { Some(newest) };
    let Some(version) = version else {
        return Err(anyhow!("no version of {} was in force for this response", options.campaign));
    };
    let mut preview = make(&definitions, &version.content, &response)?;
    if in_force().is_none_or(|in_force| in_force.offset != version.offset) {
        let detail =
            "this version was not in force at the moment of this response (its notice, its activeFrom)";
        preview.why_not.push(WhyNot { step: None, reason: "not_in_force", detail });
    }
    if options.json {
        output::json(&preview)?
    } else {
        show::for_people(&preview)?
    }
    Ok(Answer::yes_if(preview.would_send()))
}

fn make(definitions: &Definitions, held: &Arc<HeldCampaign>, response: &Response) -> anyhow::Result<Preview> {
    let document = held
        .document
        .as_ref()
        .ok_or_else(|| anyhow!("this version of the campaign cannot be read by this build of vendzz"))?;
    let found = definitions.quizzes.find(&response.quiz_id, response.version.unwrap_or(i64::MAX));
    let quiz = match found {
        FoundVersion::Answered(quiz) | FoundVersion::Replaced(quiz) | FoundVersion::NotYet(quiz) => quiz,
        FoundVersion::Unknown => return Err(anyhow!("quiz {} has no definition", response.quiz_id)),
    };
    let version = QuizVersion::new(&quiz.definition)?;
    let event = response.event(quiz.place.offset);
    let campaign = compiled_as_if_active(held, document)?;
    // Contacts are shown in clear, and ids of leads are not shown, so no key is needed.
    let human = vendzz_processors::fanout::Event { is_bot: false, ..event };
    let made = follow_up(&human, &version, std::slice::from_ref(&campaign), b"");
    let mut why_not = Vec::new();
    if held.definition.state() != CampaignState::Active {
        why_not.push(why(None, SkipReason::NotActive));
    }
    if event.is_bot {
        why_not.push(why(None, SkipReason::Bot));
    }
    for skipped in &made.skipped {
        why_not.push(why(skipped.step_id.map(str::to_owned), skipped.reason));
    }
    let Outcome { score, result } = outcome(&version.document, &version.compiled, event.answers);
    let Contacts { email, phone, name } = version.detect_leads(event.answers);
    Ok(Preview {
        campaign: held.definition.campaign_id.clone(),
        revision: held.definition.revision.clone(),
        state: held.definition.state.clone(),
        quiz: response.quiz_id.clone(),
        quiz_version: quiz.place.offset,
        response: response.id.to_string(),
        trigger: response.trigger.name(),
        score,
        result: result.map(|result| result.id),
        email: email.map(evidence),
        phone: phone.map(evidence),
        name: name.map(evidence),
        why_not,
        messages: made.messages,
    })
}

/// A draft is looked at before it is made active.
fn compiled_as_if_active(
    held: &HeldCampaign,
    document: &CampaignDocument,
) -> anyhow::Result<Arc<CompiledCampaign>> {
    let active = CampaignDocument { state: "active".to_owned(), ..document.clone() };
    let definition = &held.definition;
    Ok(Arc::new(CompiledCampaign::new(&definition.campaign_id, &definition.revision, &active)?))
}

fn evidence(found: Found) -> Evidence {
    Evidence {
        value: found.value,
        element: found.element_id,
        evidence: found.evidence.name(),
        confidence: found.confidence,
    }
}

fn why(step: Option<String>, reason: SkipReason) -> WhyNot {
    let detail = match reason {
        SkipReason::Bot => "the response was judged a bot's",
        SkipReason::Duplicate => "the same response stands earlier in the log",
        SkipReason::BeforeEmitFrom => "fan-out was told to begin later",
        SkipReason::NotActive => "the campaign is not active",
        SkipReason::OtherAccount => "the response belongs to another account",
        SkipReason::OtherQuiz => "the response is of another quiz",
        SkipReason::Audience => "the campaign is not for responses of this kind (completed or abandoned)",
        SkipReason::Condition => "the campaign's condition does not hold",
        SkipReason::NoContact => "the response has no contact for this channel",
        SkipReason::TemplateFailed => "the template could not be rendered within its bounds",
        SkipReason::EmptyText => "nothing is left of the text without what the response lacks",
        SkipReason::Unusable => "this build cannot work with the campaign's version",
    };
    WhyNot { step, reason: reason.name(), detail }
}
