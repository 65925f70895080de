use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::SendMessages;

use super::options::{TargetOptions, print, rate};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Active campaigns, spread over the quizzes
    #[arg(long, default_value_t = 20)]
    campaigns: usize,
    /// Seconds of the same traffic before that are not counted
    #[arg(long, default_value_t = 10)]
    warm_up: u64,
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Submissions a second: 20 campaigns make 1.4 messages of each, and 600 about 50,000 messages a minute
    #[arg(long, default_value = "600", value_parser = rate)]
    per_second: f64,
    /// Seconds that sending may take after the last submission
    #[arg(long, default_value_t = 600)]
    patience: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let target = self.target.target(stop).await?;
        let send = SendMessages {
            campaigns: self.campaigns,
            per_second: self.per_second,
            seconds: Duration::from_secs(self.seconds),
            warm_up: Duration::from_secs(self.warm_up),
            patience: Duration::from_secs(self.patience),
        };
        let report = send.run(&target, |step| eprintln!("{step}")).await?;
        print(&report, self.json)?;
        Ok(if report.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
