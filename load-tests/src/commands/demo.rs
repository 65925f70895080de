use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::demo::Demo;
use vendzz_load_tests::generator::LoadPlan;
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::traffic::Mix;

use super::options::{SendingOptions, rate};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Submissions a second; ten times as many views come with them
    #[arg(long, default_value = "200", value_parser = rate)]
    rate: f64,
    /// Folder of quiz documents, each named by its quiz's id
    #[arg(long, default_value = "docs/examples")]
    quizzes: PathBuf,
    /// Seconds that the projections may take to catch up
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// Also write every id and its outcome to this new file
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Leave out what becomes of the messages: the connectors, the webhooks and the simulated providers need not run
    #[arg(long)]
    no_sending: bool,
    /// Seconds that sending may take
    #[arg(long, default_value_t = 300)]
    sending_patience: u64,
    #[command(flatten)]
    sending: SendingOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let installation = Installation::from_env()?;
        let mix = Mix::realistic(self.rate);
        let plan = LoadPlan {
            connections: self.sending.connections,
            ..LoadPlan::new(mix, Duration::from_secs(self.seconds), self.sending.seed)
        };
        let patience = Duration::from_secs(self.patience);
        let sending_patience = (!self.no_sending).then(|| Duration::from_secs(self.sending_patience));
        let demo = Demo { plan, quizzes: self.quizzes, patience, journal: self.journal, sending_patience };
        demo.run(&installation, stop).await
    }
}
