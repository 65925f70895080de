//! Fan-out at the product's rate: so many submissions in a minute with so many active campaigns, what it costs by
//! process, how far each group falls behind, and whether every message is there.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Target;
use crate::follow_up::{FollowUpReckoner, FollowUpReckoning, FollowUpSettings, follow_up_table};
use crate::generator::KindFigures;
use crate::processes::{CpuTimes, local_processes};
use crate::reckoning::{Reckoner, disagreement_lines_of};
use crate::table::{grouped, line_table};
use crate::traffic::Mix;

const PATIENCE: Duration = Duration::from_secs(600);
const SAMPLE_EVERY: Duration = Duration::from_secs(2);
const GENERATOR: &str = "generator";

#[derive(Debug, Clone)]
pub struct FanOut {
    pub campaigns: usize,
    pub per_second: f64,
    pub seconds: Duration,
    /// The same traffic before, uncounted.
    pub warm_up: Duration,
}

#[derive(Debug, Clone, Serialize)]
pub struct FanOutReport {
    pub campaigns: usize,
    pub submissions: KindFigures,
    /// CPU seconds for 1,000 accepted submissions, by process, from the first until everything was followed up.
    pub cpu_per_1000: BTreeMap<String, f64>,
    pub lag: Vec<LagSample>,
    /// From the last submission until fan-out and both projections had nothing left, seconds.
    pub caught_up_after: f64,
    pub follow_up: FollowUpReckoning,
}

/// Records that each group has not done yet.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct LagSample {
    /// Seconds since the begin.
    pub at: f64,
    pub fanout: i64,
    pub state: u64,
    pub analytics: u64,
}

impl LagSample {
    fn is_zero(&self) -> bool {
        self.fanout == 0 && self.state == 0 && self.analytics == 0
    }
}

impl FanOut {
    pub async fn run(&self, target: &Target, mut progress: impl FnMut(&str)) -> anyhow::Result<FanOutReport> {
        let settings = FollowUpSettings::from_env()?;
        let notice = settings.notice;
        progress("publishing campaigns; those of the demo pause meanwhile");
        let measured = self.measure(target, settings, &mut progress);
        target.with_campaigns(self.campaigns, notice, measured).await
    }

    async fn measure(
        &self,
        target: &Target,
        settings: FollowUpSettings,
        progress: &mut impl FnMut(&str),
    ) -> anyhow::Result<FanOutReport> {
        let watch = Watch {
            answers: Reckoner::connect(&target.installation).await?,
            follow_up: FollowUpReckoner::connect(&target.installation, settings).await?,
        };
        let mut processes = local_processes()?;
        processes.insert(GENERATOR.to_owned(), std::process::id());
        let mix = Mix::only_submissions(self.per_second);
        progress("warming up");
        target.load(mix, self.warm_up).await?;
        watch.until_nothing_is_left(Instant::now(), &mut Vec::new()).await?;
        let baseline = watch.follow_up.baseline(&target.quiz_ids(), PATIENCE).await?;

        progress("measuring");
        let (cpu_before, begin) = (CpuTimes::now(&processes)?, Instant::now());
        let mut lag = Vec::new();
        let figures = {
            let traffic = target.load(mix, self.seconds);
            tokio::pin!(traffic);
            loop {
                tokio::select! {
                    figures = &mut traffic => break figures?,
                    sample = watch.sample_later(begin) => lag.push(sample?),
                }
            }
        };
        let ended = Instant::now();
        watch.until_nothing_is_left(begin, &mut lag).await?;
        let caught_up_after = ended.elapsed().as_secs_f64();
        let used = CpuTimes::now(&processes)?.since(&cpu_before);
        anyhow::ensure!(!target.stop.is_cancelled(), "interrupted");
        progress("reckoning");
        let follow_up = watch.follow_up.reckon(&baseline).await?;
        let accepted = figures.submissions.accepted.max(1) as f64;
        let cpu_per_1000 = used.into_iter().map(|(name, used)| (name, used * 1_000.0 / accepted)).collect();
        Ok(FanOutReport {
            campaigns: self.campaigns,
            submissions: figures.submissions,
            cpu_per_1000,
            lag,
            caught_up_after,
            follow_up,
        })
    }
}

/// Looks at each group's lag.
struct Watch {
    answers: Reckoner,
    follow_up: FollowUpReckoner,
}

impl Watch {
    async fn sample_later(&self, begin: Instant) -> anyhow::Result<LagSample> {
        tokio::time::sleep(SAMPLE_EVERY).await;
        let (fanout, behind) = (self.follow_up.behind().await?, self.answers.behind().await?);
        let at = begin.elapsed().as_secs_f64();
        Ok(LagSample { at, fanout, state: behind.state, analytics: behind.analytics })
    }

    async fn until_nothing_is_left(&self, begin: Instant, lag: &mut Vec<LagSample>) -> anyhow::Result<()> {
        let began_waiting = Instant::now();
        loop {
            let sample = self.sample_later(begin).await?;
            lag.push(sample);
            if sample.is_zero() {
                return Ok(());
            }
            anyhow::ensure!(began_waiting.elapsed() < PATIENCE, "still behind: {sample:?}");
        }
    }
}

impl fmt::Display for FanOutReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let submissions = &self.submissions;
        writeln!(
            formatter,
            "{} submissions accepted, {:.0} a second, p50 {:.1} ms, p99 {:.1} ms; {} active campaigns\n",
            grouped(submissions.accepted),
            submissions.accepted_per_second,
            submissions.p50_ms,
            submissions.p99_ms,
            self.campaigns
        )?;
        let costs =
            self.cpu_per_1000.iter().map(|(name, seconds)| vec![name.clone(), format!("{seconds:.4}")]);
        let header = ["PROCESS", "CPU S / 1,000 SUBMISSIONS"].map(str::to_owned).to_vec();
        writeln!(formatter, "{}\n", line_table(header, costs))?;
        let samples = self.lag.iter().step_by(self.lag.len().div_ceil(20).max(1)).chain(self.lag.last());
        let rows = samples.map(|sample| {
            let numbers = [sample.fanout.to_string(), sample.state.to_string(), sample.analytics.to_string()];
            let mut cells = vec![format!("{:.0} s", sample.at)];
            cells.extend(numbers.iter().map(grouped));
            cells
        });
        let header = ["LAG, RECORDS", "fanout", "state", "analytics"].map(str::to_owned).to_vec();
        writeln!(formatter, "{}\n", line_table(header, rows))?;
        writeln!(formatter, "lag back to zero {:.1} s after the last submission", self.caught_up_after)?;
        writeln!(
            formatter,
            "the expected messages were worked out in {:.1} s\n",
            self.follow_up.expecting_seconds
        )?;
        writeln!(formatter, "{}", follow_up_table(&self.follow_up))?;
        for line in disagreement_lines_of(&self.follow_up.disagreements) {
            writeln!(formatter, "{line}")?;
        }
        Ok(())
    }
}
