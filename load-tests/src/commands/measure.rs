use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::Measure;

use super::options::{TargetOptions, print, rate};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Submissions a second, of the edge and of the bare handler
    #[arg(long, default_value = "1667", value_parser = rate)]
    rate: f64,
    /// Views a second
    #[arg(long, default_value = "16667", value_parser = rate)]
    views: f64,
    /// Of each phase
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Seconds of the same traffic before each phase that are not counted
    #[arg(long, default_value_t = 45)]
    warm_up: u64,
    /// Seconds for which the idle processes are watched
    #[arg(long, default_value_t = 15)]
    idle: u64,
    /// Only this process of the local stack, e.g. edge; may be given several times
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let target = self.target.target(stop).await?;
        let measure = Measure {
            submissions_per_second: self.rate,
            views_per_second: self.views,
            seconds: Duration::from_secs(self.seconds),
            warm_up: Duration::from_secs(self.warm_up),
            idle: Duration::from_secs(self.idle),
            processes: self.services,
        };
        let report = measure.run(&target, |phase| eprintln!("measuring: {phase}")).await?;
        print(&report, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}
