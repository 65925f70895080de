use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::FanOut;

use super::options::{TargetOptions, print, rate};

/// Less than this share of what was asked for, and the rate was not held.
const HELD_SHARE: f64 = 0.98;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Active campaigns, spread over the quizzes
    #[arg(long, default_value_t = 20)]
    campaigns: usize,
    /// Seconds of the same traffic before that are not counted
    #[arg(long, default_value_t = 20)]
    warm_up: u64,
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Submissions a second
    #[arg(long, default_value = "1667", value_parser = rate)]
    per_second: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let target = self.target.target(stop).await?;
        let fan_out = FanOut {
            campaigns: self.campaigns,
            per_second: self.per_second,
            seconds: Duration::from_secs(self.seconds),
            warm_up: Duration::from_secs(self.warm_up),
        };
        let report = fan_out.run(&target, |step| eprintln!("{step}")).await?;
        print(&report, self.json)?;
        let asked = self.per_second * self.seconds as f64;
        let is_held = report.submissions.accepted as f64 >= asked * HELD_SHARE;
        if !is_held {
            eprintln!(
                "{} of {asked} submissions were accepted: the rate was not held",
                report.submissions.accepted
            );
        }
        let is_right = report.follow_up.agrees() && is_held;
        Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
