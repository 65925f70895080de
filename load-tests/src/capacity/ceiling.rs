use std::time::Duration;

use serde::Serialize;

use super::Target;
use crate::generator::{KindFigures, LoadPlan};
use crate::sent::EventKind;
use crate::traffic::Mix;

const LEAST_ACHIEVED: f64 = 0.98;
const SLOWEST_P99_MS: f64 = 200.0;
/// Other work on the machine may spoil a step once.
const MISSES_ALLOWED: u32 = 1;
/// What is not answered by then was not held.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE_AFTER_A_MISS: Duration = Duration::from_secs(5);

/// Steps up until a rate is not held.
#[derive(Debug, Clone)]
pub struct Ceiling {
    pub kind: EventKind,
    pub from_per_second: f64,
    /// Each step asks so many times the one before.
    pub factor: f64,
    pub seconds_each: Duration,
}

#[derive(Debug, Clone, Serialize)]
pub struct CeilingReport {
    pub kind: &'static str,
    /// The highest step that was held.
    pub held: Option<Step>,
    pub steps: Vec<Step>,
}

/// One rate, asked for some seconds.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub asked_per_second: f64,
    pub achieved_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub held: bool,
    /// Why not; empty when it was held.
    pub missed: String,
}

impl Ceiling {
    pub async fn find(
        &self,
        target: &Target,
        mut progress: impl FnMut(&Step),
    ) -> anyhow::Result<CeilingReport> {
        let mut report = CeilingReport { kind: self.kind.name(), held: None, steps: Vec::new() };
        let (mut rate, mut misses) = (self.from_per_second, 0);
        while misses <= MISSES_ALLOWED && !target.stop.is_cancelled() {
            let step = self.step(target, rate).await?;
            progress(&step);
            if step.held {
                report.held = Some(step.clone());
                rate *= self.factor;
                misses = 0;
            } else {
                misses += 1;
                tokio::time::sleep(PAUSE_AFTER_A_MISS).await;
            }
            report.steps.push(step);
        }
        Ok(report)
    }

    async fn step(&self, target: &Target, rate: f64) -> anyhow::Result<Step> {
        let mix = match self.kind {
            EventKind::Submission => Mix::only_submissions(rate),
            EventKind::View => Mix::only_views(rate),
            EventKind::Beacon => {
                anyhow::bail!("beacons come with submissions: there is no rate of theirs alone")
            }
        };
        let seed = target.seed ^ rate.to_bits();
        let plan = LoadPlan { patience: PATIENCE, seed, ..target.plan(mix, self.seconds_each) };
        let figures = target.load_at(target.installation.edge, &plan).await?;
        let kind = match self.kind {
            EventKind::Submission => &figures.submissions,
            EventKind::View => &figures.views,
            EventKind::Beacon => &figures.beacons,
        };
        Ok(judge(rate, kind))
    }
}

fn judge(asked: f64, figures: &KindFigures) -> Step {
    let unavailable = figures.attempts.get("503").copied().unwrap_or(0);
    let mut missed = Vec::new();
    if figures.accepted_per_second < LEAST_ACHIEVED * asked {
        missed.push("not achieved".to_owned());
    }
    if figures.p99_ms >= SLOWEST_P99_MS {
        missed.push("too slow".to_owned());
    }
    if unavailable > 0 {
        missed.push(format!("{unavailable} answered 503"));
    }
    if figures.unresolved + figures.refused > 0 {
        missed.push(format!("{} never accepted", figures.unresolved + figures.refused));
    }
    Step {
        asked_per_second: asked,
        achieved_per_second: figures.accepted_per_second,
        p50_ms: figures.p50_ms,
        p99_ms: figures.p99_ms,
        held: missed.is_empty(),
        missed: missed.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> KindFigures {
        KindFigures { accepted_per_second: 985.0, p50_ms: 2.0, p99_ms: 199.0, ..KindFigures::default() }
    }

    #[test]
    fn a_rate_is_held_only_in_every_respect() {
        assert!(judge(1_000.0, &figures()).held);
        let mut refused = figures();
        refused.attempts.insert("503".to_owned(), 1);
        for spoilt in [
            KindFigures { accepted_per_second: 979.0, ..figures() },
            KindFigures { p99_ms: 200.0, ..figures() },
            KindFigures { unresolved: 1, ..figures() },
            refused,
        ] {
            let step = judge(1_000.0, &spoilt);
            assert!(!step.held && !step.missed.is_empty(), "{step:?}");
        }
    }
}
