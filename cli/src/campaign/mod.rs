//! `vendzz campaign`: campaigns as the log has them, and what they would say.

mod definitions;
mod list;
mod preview;
mod response;
mod show;
mod stats;

use clap::Subcommand;

use crate::exit::Answer;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every campaign: state, channel, audience, and which version is in force
    List(list::Options),
    /// What would be sent to a respondent: to whom, when, with which words, and why not. Sends nothing
    Preview(preview::Options),
    /// Messages of a campaign by state and by what providers reported
    Stats(stats::Options),
}

pub(crate) async fn run(command: Command, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        Command::List(options) => list::run(options, settings).await,
        Command::Preview(options) => preview::run(options, settings).await,
        Command::Stats(options) => stats::run(options).await,
    }
}
