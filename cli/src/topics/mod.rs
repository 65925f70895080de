//! `vendzz topics`: the catalogue against the cluster.

mod wanted;

use clap::Subcommand;

use crate::exit::Answer;
use crate::settings::Settings;

pub(crate) use wanted::new_topic_settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What `apply` would do; exit status 1 when there is a difference
    Plan {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(crate) async fn run(command: Command, _settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        Command::Plan { .. } => Ok(Answer::Yes),
    }
}
