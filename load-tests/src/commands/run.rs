use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::Target;
use vendzz_load_tests::generator::{LoadPlan, Scoreboard, generate};
use vendzz_load_tests::journal::Journal;
use vendzz_load_tests::reckoning::Reckoner;
use vendzz_load_tests::traffic::{Crowd, Mix};

use super::options::{TargetOptions, rate, share};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Submissions a second
    #[arg(long, default_value = "200", value_parser = rate)]
    rate: f64,
    /// Views a second
    #[arg(long, default_value = "0", value_parser = rate)]
    views: f64,
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Share of the accepted submissions that is sent once more
    #[arg(long, default_value = "0", value_parser = share)]
    resends: f64,
    /// Share of the submissions that must be refused
    #[arg(long, default_value = "0", value_parser = share)]
    invalid: f64,
    /// People send progress beacons on their way
    #[arg(long)]
    beacons: bool,
    /// Share of those who start and leave on their way, with beacons
    #[arg(long, default_value = "0", value_parser = share)]
    leavers: f64,
    /// Seconds that an event is sent again for
    #[arg(long, default_value_t = 60)]
    patience: u64,
    /// Write every id and its outcome to this file, or go on with it
    #[arg(long)]
    journal: Option<PathBuf>,
    #[command(flatten)]
    target: TargetOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let target = self.target.target(stop).await?;
        let mix = Mix {
            submissions_per_second: self.rate,
            views_per_second: self.views,
            resend_share: self.resends,
            invalid_share: self.invalid,
            beacons: self.beacons,
            leave_share: self.leavers,
            ..Mix::realistic(self.rate)
        };
        let plan = LoadPlan {
            mix,
            length: Duration::from_secs(self.seconds),
            patience: Duration::from_secs(self.patience),
            connections: target.connections,
            seed: target.seed,
        };
        let scoreboard = Arc::new(match self.open_journal(&target).await? {
            Some(journal) => Scoreboard::with_journal(journal),
            None => Scoreboard::default(),
        });
        let edge = target.installation.edge;
        let crowd = Crowd::gather(&target.quizzes, &mix, edge, plan.seed);
        let figures = generate(&plan, crowd, edge, scoreboard.clone(), target.stop).await?;
        scoreboard.close_journal()?;
        println!("{}", serde_json::to_string_pretty(&figures)?);
        Ok(if figures.surprises == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// A journal that exists keeps its baseline.
    async fn open_journal(&self, target: &Target) -> anyhow::Result<Option<Journal>> {
        let Some(path) = &self.journal else { return Ok(None) };
        if path.exists() {
            return Journal::resume(path).map(Some);
        }
        let reckoner = Reckoner::connect(&target.installation).await?;
        let baseline = reckoner.baseline(&target.quiz_ids(), Duration::from_secs(self.patience)).await?;
        Journal::create(path, &baseline).map(Some)
    }
}
