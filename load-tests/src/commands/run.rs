use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::generator::{LoadPlan, Scoreboard, generate};
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::journal::Journal;
use vendzz_load_tests::reckoning::Reckoner;
use vendzz_load_tests::traffic::{Crowd, Mix, TrafficQuiz};

use super::options::{QuizOptions, SendingOptions, rate, share};

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
    quizzes: QuizOptions,
    #[command(flatten)]
    sending: SendingOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let installation = Installation::from_env()?;
        let quizzes = self.quizzes.published(&installation).await?;
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
            connections: self.sending.connections,
            seed: self.sending.seed,
        };
        let scoreboard = Arc::new(match self.open_journal(&installation, &quizzes).await? {
            Some(journal) => Scoreboard::with_journal(journal),
            None => Scoreboard::default(),
        });
        let crowd = Crowd::gather(&quizzes, &mix, installation.edge, plan.seed);
        let figures = generate(&plan, crowd, installation.edge, scoreboard.clone(), stop).await?;
        scoreboard.close_journal()?;
        println!("{}", serde_json::to_string_pretty(&figures)?);
        Ok(if figures.surprises == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// A journal that exists keeps its baseline.
    async fn open_journal(
        &self,
        installation: &Installation,
        quizzes: &[TrafficQuiz],
    ) -> anyhow::Result<Option<Journal>> {
        let Some(path) = &self.journal else { return Ok(None) };
        if path.exists() {
            return Journal::resume(path).map(Some);
        }
        let ids: Vec<String> = quizzes.iter().map(|quiz| quiz.id.to_string()).collect();
        let reckoner = Reckoner::connect(installation).await?;
        let baseline = reckoner.baseline(&ids, Duration::from_secs(self.patience)).await?;
        Journal::create(path, &baseline).map(Some)
    }
}
