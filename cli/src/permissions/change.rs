use serde::Serialize;
use vendzz_connectors::permissions::{ConsentKey, ConsentState, Reason, check_source};

use super::{Place, actor};
use crate::exit::{Answer, Usage};
use crate::output;
use crate::sending::Sending;

#[derive(Debug, clap::Args)]
pub(crate) struct AddOptions {
    #[command(flatten)]
    place: Place,
    #[arg(long, default_value = "person", help = "opt_out, unsubscribed, provider, import or person")]
    reason: String,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveOptions {
    #[command(flatten)]
    place: Place,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConsentOptions {
    #[command(flatten)]
    place: Place,
    #[arg(long, help = "Where it was given or withdrawn, in your words")]
    source: String,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

/// What became of a change.
#[derive(Serialize)]
struct Changed {
    changed: bool,
}

pub(super) async fn add(sending: &Sending, options: &AddOptions) -> anyhow::Result<Answer> {
    let key = options.place.key()?;
    let reason = Reason::from_word(&options.reason).ok_or_else(|| {
        Usage("a reason must be opt_out, unsubscribed, provider, import or person".to_owned())
    })?;
    let written = sending.permissions().suppress(&[(key, reason)], &actor()?).await;
    let changed = written.map_err(|error| sending.failed(error))?.new > 0;
    tell(options.json, changed, "suppressed", "suppressed already: the first reason and time stay")?;
    Ok(Answer::Yes)
}

pub(super) async fn remove(sending: &Sending, options: &RemoveOptions) -> anyhow::Result<Answer> {
    let key = options.place.key()?;
    let lifted = sending.permissions().lift(&key, Reason::Person, &actor()?).await;
    let changed = lifted.map_err(|error| sending.failed(error))?;
    tell(options.json, changed, "lifted", "there is no such suppression")?;
    Ok(Answer::yes_if(changed))
}

pub(super) async fn consent(
    sending: &Sending,
    options: &ConsentOptions,
    state: ConsentState,
) -> anyhow::Result<Answer> {
    let key = options.place.key()?;
    let source = check_source(&options.source).map_err(|error| Usage(format!("the source {error}")))?;
    let written =
        sending.permissions().record_consents(&[ConsentKey { key, state, source }], &actor()?).await;
    let changed = written.map_err(|error| sending.failed(error))?.new > 0;
    let known = "recorded already: the first source and time stay";
    tell(options.json, changed, state.word(), known)?;
    Ok(Answer::Yes)
}

fn tell(json: bool, changed: bool, done: &str, known: &str) -> anyhow::Result<()> {
    if json {
        return output::json(&Changed { changed });
    }
    Ok(output::line(if changed { done } else { known })?)
}
