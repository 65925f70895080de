//! The subcommands, each in its file.

mod ceiling;
mod demo;
mod fan_out;
mod measure;
mod options;
mod providers;
mod reckon;
mod run;
mod send;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Subcommand;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::serve_bare;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Publish three quizzes and their campaigns, send a minute of traffic, and compare every number and message
    Demo(demo::Options),
    /// The generator alone: submissions, with views and resends beside them as asked; prints JSON
    Run(run::Options),
    /// Compare the log and both stores with a journal that `run --journal` has written
    Reckon(reckon::Options),
    /// CPU seconds of each process for 1,000 submissions and 1,000 views, beside a bare handler
    Measure(measure::Options),
    /// The highest rate that is held
    Ceiling(ceiling::Options),
    /// A minute of submissions through fan-out with active campaigns: messages, costs and lag
    FanOut(fan_out::Options),
    /// Submissions through fan-out and the connectors to the simulated providers: rates, costs and what waits
    Send(send::Options),
    /// Simulate the providers of SMS, calls and WhatsApp, with a journal, faults and delivery reports
    Providers(providers::Options),
    /// Serve the bare handler: takes a POST as JSON and answers
    Bare {
        #[arg(long, default_value = "127.0.0.1:8089")]
        addr: SocketAddr,
    },
}

pub(crate) async fn run(command: Command, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(options) => options.run(stop).await,
        Command::Run(options) => options.run(stop).await,
        Command::Reckon(options) => options.run().await,
        Command::Measure(options) => options.run(stop).await,
        Command::Ceiling(options) => options.run(stop).await,
        Command::FanOut(options) => options.run(stop).await,
        Command::Send(options) => options.run(stop).await,
        Command::Providers(options) => options.run(stop).await,
        Command::Bare { addr } => {
            tokio::select! {
                served = serve_bare(addr) => served.map(|()| ExitCode::SUCCESS),
                () = stop.cancelled() => Ok(ExitCode::SUCCESS),
            }
        }
    }
}
