use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::journal::read_journal;
use vendzz_load_tests::reckoning::{
    Reckoner, ViewPromise, disagreement_lines, reckoning_table, unknown_lines,
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    journal: PathBuf,
    /// The edge was killed during the run: views may be missing without a reason
    #[arg(long)]
    views_best_effort: bool,
    /// Seconds that the projections may take to catch up
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let installation = Installation::from_env()?;
        let journal = read_journal(&self.journal)?;
        let reckoner = Reckoner::connect(&installation).await?;
        let waiting = |behind: &_| eprintln!("the projections catch up: {behind}");
        reckoner.wait_until_caught_up(Duration::from_secs(self.patience), waiting).await?;
        let promise = if self.views_best_effort { ViewPromise::BestEffort } else { ViewPromise::Exact };
        let reckoning = reckoner.reckon(&journal.baseline, &journal.sent, promise).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reckoning)?);
        } else {
            println!("{}", reckoning_table(&reckoning));
            for line in unknown_lines(&reckoning).into_iter().chain(disagreement_lines(&reckoning)) {
                println!("{line}");
            }
        }
        Ok(if reckoning.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
