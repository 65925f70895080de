//! What several subcommands ask for.

use clap::Args;
use vendzz_load_tests::installation::Installation;
use vendzz_load_tests::quizzes::Quizzes;
use vendzz_load_tests::traffic::TrafficQuiz;

/// Which quizzes are sent to.
#[derive(Debug, Args)]
pub(super) struct QuizOptions {
    /// Id of a published quiz; may be given several times
    #[arg(long = "quiz", value_name = "ID", default_values = ["cursos", "emagrecimento", "emprestimo"])]
    ids: Vec<String>,
}

impl QuizOptions {
    pub(super) async fn published(&self, installation: &Installation) -> anyhow::Result<Vec<TrafficQuiz>> {
        let api = Quizzes::new(installation);
        let mut quizzes = Vec::new();
        for id in &self.ids {
            quizzes.push(api.published(id).await?);
        }
        Ok(quizzes)
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
