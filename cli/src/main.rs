//! `vendzz`: the operators' and analysts' command.
#![forbid(unsafe_code)]

mod arguments;
mod campaign;
mod clock;
mod cluster;
mod exit;
mod lag;
mod message;
mod metrics;
mod output;
mod permissions;
mod schemas;
mod sending;
mod settings;
mod stats;
mod tail;
mod topics;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use exit::Answer;
use settings::Settings;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    let settings = match Settings::read() {
        Ok(settings) => settings,
        Err(mistakes) => {
            eprint!("vendzz: {mistakes}");
            return ExitCode::from(exit::USAGE);
        }
    };
    if std::env::var_os("RUST_LOG").is_some() {
        vendzz_runtime::telemetry::start_logs();
    }
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(arguments.command, &settings)));
    exit::status(outcome)
}

async fn run(command: Command, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        Command::Schemas { command } => schemas::run(command, settings).await,
        Command::Topics { command } => topics::run(command, settings).await,
        Command::Tail(options) => tail::run(options, settings).await,
        Command::Lag(options) => lag::run(options, settings).await,
        Command::Campaign { command } => campaign::run(command, settings).await,
        Command::Stats(options) => stats::run(options).await,
        Command::Message(options) => message::run(options).await,
        Command::Suppression { command } => permissions::run_suppression(command).await,
        Command::Consent { command } => permissions::run_consent(command).await,
        Command::Permissions { command } => permissions::run_permissions(command).await,
        Command::Metrics => metrics::run(),
    }
}
