//! CPU seconds by process at one paced rate: submissions alone, then views alone, then idle (last, so that
//! Java's compilers have come to rest), then the same submissions against the bare handler. What a process uses when nothing happens is
//! subtracted, so that a figure says what one more event costs.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::process::{Child, Command};

use super::{MeasureReport, ProcessCost, Target};
use crate::generator::LoadFigures;
use crate::processes::{CpuTimes, local_processes};
use crate::reckoning::Reckoner;
use crate::traffic::Mix;

/// Between the traffic and the watch over idle processes.
const SETTLE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(120);
const GENERATOR: &str = "generator";
const BARE: &str = "bare";

#[derive(Debug, Clone)]
pub struct Measure {
    pub submissions_per_second: f64,
    pub views_per_second: f64,
    pub seconds: Duration,
    /// The same traffic before each phase, uncounted: connections are opened and Java's compilers run.
    pub warm_up: Duration,
    /// How long the idle processes are watched.
    pub idle: Duration,
    /// Only these processes; all of the local stack when empty.
    pub processes: Vec<String>,
}

/// What a phase of the measurement came to.
struct Phase {
    used: BTreeMap<String, f64>,
    seconds: f64,
    figures: LoadFigures,
}

impl Measure {
    pub async fn run(
        &self,
        target: &Target,
        mut progress: impl FnMut(&str),
    ) -> anyhow::Result<MeasureReport> {
        let processes = self.watched()?;
        let reckoner = Reckoner::connect(&target.installation).await?;
        reckoner.wait_until_caught_up(PATIENCE, |_| {}).await?;

        progress("submissions");
        let submissions = Mix::only_submissions(self.submissions_per_second);
        let edge = target.installation.edge;
        let on_submissions = self.phase(target, submissions, edge, &processes, Some(&reckoner)).await?;
        progress("views");
        let views = Mix::only_views(self.views_per_second);
        let on_views = self.phase(target, views, edge, &processes, Some(&reckoner)).await?;
        progress("idle");
        tokio::time::sleep(SETTLE).await;
        let idle = self.idle_shares(&processes).await?;
        progress("the bare handler");
        let (mut bare, address) = start_bare().await?;
        let bare_process =
            BTreeMap::from([(BARE.to_owned(), bare.id().context("the bare handler has ended")?)]);
        let on_bare = self.phase(target, submissions, address, &bare_process, None).await;
        bare.kill().await?;
        anyhow::ensure!(!target.stop.is_cancelled(), "interrupted");
        Ok(self.report(&idle, &on_submissions, &on_views, &on_bare?))
    }

    fn watched(&self) -> anyhow::Result<BTreeMap<String, u32>> {
        let mut processes = local_processes()?;
        if !self.processes.is_empty() {
            processes.retain(|name, _| self.processes.contains(name));
        }
        anyhow::ensure!(!processes.is_empty(), "none of these processes runs: {}", self.processes.join(", "));
        processes.insert(GENERATOR.to_owned(), std::process::id());
        Ok(processes)
    }

    /// CPU seconds a second of each process when nothing happens.
    async fn idle_shares(&self, processes: &BTreeMap<String, u32>) -> anyhow::Result<BTreeMap<String, f64>> {
        let (before, begin) = (CpuTimes::now(processes)?, Instant::now());
        tokio::time::sleep(self.idle).await;
        let used = CpuTimes::now(processes)?.since(&before);
        let seconds = begin.elapsed().as_secs_f64();
        Ok(used.into_iter().map(|(name, used)| (name, used / seconds)).collect())
    }

    async fn phase(
        &self,
        target: &Target,
        mix: Mix,
        address: SocketAddr,
        processes: &BTreeMap<String, u32>,
        reckoner: Option<&Reckoner>,
    ) -> anyhow::Result<Phase> {
        target.load_at(address, &target.plan(mix, self.warm_up)).await?;
        catch_up(reckoner).await?;
        let (before, begin) = (CpuTimes::now(processes)?, Instant::now());
        let figures = target.load_at(address, &target.plan(mix, self.seconds)).await?;
        catch_up(reckoner).await?;
        let used = CpuTimes::now(processes)?.since(&before);
        let lost: Vec<&String> = processes.keys().filter(|name| !used.contains_key(*name)).collect();
        anyhow::ensure!(lost.is_empty(), "ended during the measurement: {lost:?}");
        Ok(Phase { used, seconds: begin.elapsed().as_secs_f64(), figures })
    }

    fn report(
        &self,
        idle: &BTreeMap<String, f64>,
        submissions: &Phase,
        views: &Phase,
        bare: &Phase,
    ) -> MeasureReport {
        let mut costs = Vec::new();
        for (name, idle_share) in idle {
            costs.push(ProcessCost {
                process: name.clone(),
                idle_share: *idle_share,
                per_1000_submissions: submissions.per_1000(
                    name,
                    *idle_share,
                    submissions.figures.submissions.accepted,
                ),
                per_1000_views: views.per_1000(name, *idle_share, views.figures.views.accepted),
            });
        }
        let (generator, costs) = costs.into_iter().partition(|cost| cost.process == GENERATOR);
        MeasureReport {
            submissions_per_second: submissions.figures.submissions.accepted_per_second,
            views_per_second: views.figures.views.accepted_per_second,
            seconds: self.seconds.as_secs_f64(),
            processes: costs,
            generator: generator.into_iter().next(),
            bare_per_1000_submissions: bare.per_1000(BARE, 0.0, bare.figures.submissions.accepted),
            submissions: submissions.figures.submissions.clone(),
            views: views.figures.views.clone(),
            bare: bare.figures.submissions.clone(),
        }
    }
}

impl Phase {
    fn per_1000(&self, name: &str, idle_share: f64, events: u64) -> f64 {
        let used = self.used.get(name).copied().unwrap_or(0.0) - idle_share * self.seconds;
        used.max(0.0) * 1_000.0 / events.max(1) as f64
    }
}

async fn catch_up(reckoner: Option<&Reckoner>) -> anyhow::Result<()> {
    match reckoner {
        Some(reckoner) => reckoner.wait_until_caught_up(PATIENCE, |_| {}).await,
        None => Ok(()),
    }
}

/// The bare handler as a process of its own, so that its CPU time is its own.
async fn start_bare() -> anyhow::Result<(Child, SocketAddr)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let program = std::env::current_exe()?;
    let child = Command::new(program)
        .arg("bare")
        .arg("--addr")
        .arg(address.to_string())
        .kill_on_drop(true)
        .spawn()?;
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok((child, address));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the bare handler does not answer at {address}")
}
