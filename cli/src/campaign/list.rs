use serde::Serialize;
use vendzz_processors::fanout::NoticeConfig;
use vendzz_runtime::config::Env;

use super::definitions::Definitions;
use crate::clock::now_ms;
use crate::exit::{Answer, Usage};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long, help = "Of this quiz alone")]
    quiz: Option<String>,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// One campaign.
#[derive(Debug, Serialize)]
struct Campaign {
    campaign: String,
    quiz: String,
    /// Of the newest version; so are channel and audience.
    state: String,
    channel: String,
    audience: String,
    revision: String,
    /// Revision in force now; `None` before the first one is.
    in_force: Option<String>,
    in_force_state: Option<String>,
}

pub(super) async fn run(options: Options, settings: &Settings) -> anyhow::Result<Answer> {
    let env = Env::process();
    let notice = NoticeConfig::read(&env);
    env.finish().map_err(|mistakes| Usage(mistakes.to_string()))?;
    let definitions = Definitions::read(settings, notice.notice).await?;
    let mut campaigns = Vec::new();
    for (id, versions) in definitions.campaigns.all() {
        let Some(newest) = versions.newest().map(|version| &version.content) else { continue };
        let quiz = newest.definition.quiz_id.clone();
        if options.quiz.as_ref().is_some_and(|wanted| *wanted != quiz) {
            continue;
        }
        let in_force = versions.in_force_at(now_ms()).map(|version| &version.content.definition);
        let document = newest.document.as_ref();
        campaigns.push(Campaign {
            campaign: id,
            quiz,
            state: newest.definition.state.clone(),
            channel: document.map(|document| document.channel.clone()).unwrap_or_default(),
            audience: document.map(|document| document.audience.clone()).unwrap_or_default(),
            revision: newest.definition.revision.clone(),
            in_force: in_force.map(|definition| definition.revision.clone()),
            in_force_state: in_force.map(|definition| definition.state.clone()),
        });
    }
    if options.json {
        output::json(&campaigns)?;
        return Ok(Answer::Yes);
    }
    let rows = campaigns.into_iter().map(|campaign| {
        let in_force = match (&campaign.in_force, &campaign.in_force_state) {
            (Some(revision), _) if *revision == campaign.revision => "this version".to_owned(),
            (Some(_), Some(state)) => format!("a former version ({state})"),
            _ => "none yet".to_owned(),
        };
        vec![campaign.campaign, campaign.quiz, campaign.state, campaign.channel, campaign.audience, in_force]
    });
    output::table(&["campaign", "quiz", "state", "channel", "audience", "in force"], rows)?;
    Ok(Answer::Yes)
}
