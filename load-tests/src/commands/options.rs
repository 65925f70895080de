//! What several subcommands ask for and print.

use std::fmt::Display;

use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::Target;
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::quizzes::Quizzes;

/// Which quizzes are sent to, and how.
#[derive(Debug, Args)]
pub(super) struct TargetOptions {
    /// Id of a published quiz; may be given several times
    #[arg(long = "quiz", value_name = "ID", default_values = ["cursos", "emagrecimento", "emprestimo"])]
    ids: Vec<String>,
    #[command(flatten)]
    sending: SendingOptions,
}

impl TargetOptions {
    pub(super) async fn target(&self, stop: CancellationToken) -> anyhow::Result<Target> {
        let installation = Installation::from_env()?;
        let api = Quizzes::new(&installation);
        let mut quizzes = Vec::new();
        for id in &self.ids {
            quizzes.push(api.published(id).await?);
        }
        let SendingOptions { connections, seed } = self.sending;
        Ok(Target { installation, quizzes, connections, seed, stop })
    }
}

/// How it is sent.
#[derive(Debug, Clone, Args)]
pub(super) struct SendingOptions {
    /// Connections open at once
    #[arg(long, default_value_t = vendzz_load_tests::generator::LoadPlan::CONNECTIONS)]
    pub(super) connections: usize,
    /// The same seed draws the same people and answers
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}

/// For people, or as JSON.
pub(super) fn print(report: &(impl Serialize + Display), json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

/// A number of events a second.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.0 => Ok(rate),
        _ => Err("is not a number of events a second".to_owned()),
    }
}

/// A share from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("is not a share from 0 to 1".to_owned()),
    }
}
