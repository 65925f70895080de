use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::capacity::{Ceiling, Step};
use vendzz_load_tests::sent::EventKind;

use super::options::{TargetOptions, rate};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Submissions a second to begin with; 0 leaves them out
    #[arg(long, default_value = "500", value_parser = rate)]
    from: f64,
    /// Views a second to begin with; 0 leaves them out
    #[arg(long, default_value = "2000", value_parser = rate)]
    views_from: f64,
    /// Each step asks so many times the one before
    #[arg(long, default_value_t = 1.25)]
    factor: f64,
    /// Of each step
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: TargetOptions,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(self.factor > 1.0, "--factor must be more than 1");
        let target = self.target.target(stop).await?;
        let mut reports = Vec::new();
        for (kind, from_per_second) in
            [(EventKind::Submission, self.from), (EventKind::View, self.views_from)]
        {
            if from_per_second <= 0.0 {
                continue;
            }
            let ceiling = Ceiling {
                kind,
                from_per_second,
                factor: self.factor,
                seconds_each: Duration::from_secs(self.seconds),
            };
            let report = ceiling.find(&target, |step| eprintln!("{}", shown(kind, step))).await?;
            if !self.json {
                match &report.held {
                    Some(step) => println!("highest rate held: {}", shown(kind, step)),
                    None => println!("{kind}s: not even {from_per_second}/s was held"),
                }
            }
            reports.push(report);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reports)?);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(kind: EventKind, step: &Step) -> String {
    let verdict = if step.held { "held" } else { step.missed.as_str() };
    format!(
        "{kind}s: {:.0}/s asked, {:.0}/s accepted, p50 {:.1} ms, p99 {:.1} ms: {verdict}",
        step.asked_per_second, step.achieved_per_second, step.p50_ms, step.p99_ms
    )
}
