//! Sending at the product's rate: submissions are offered while fan-out and the four connectors work; what is accepted a
//! second by channel, how much is due and unsent, and what it costs by process.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::load_campaigns::load_campaigns;
use super::sending_report::{SendReport, SendSample};
use crate::campaigns::{Campaigns, example_campaigns, until_in_force};
use crate::follow_up::{FollowUpReckoner, FollowUpSettings};
use crate::generator::{LoadFigures, LoadPlan, Scoreboard, generate};
use crate::installation::Installation;
use crate::processes::{CpuTimes, local_processes};
use crate::sending::{SendingBaseline, SendingReckoner, SendingSettings, Unsent};
use crate::traffic::{Crowd, Mix, TrafficQuiz};

/// Without these the figures say nothing of sending.
const NEEDED: [&str; 6] = ["send-sms", "send-email", "send-whatsapp", "send-voice", "webhooks", "providers"];
const FAN_OUT_PATIENCE: Duration = Duration::from_secs(600);
/// The ledger is asked no more often, lest the measure be what is measured.
const SAMPLE_EVERY: Duration = Duration::from_secs(5);
const GENERATOR: &str = "generator";

#[derive(Debug, Clone)]
pub struct SendMessages {
    pub campaigns: usize,
    /// Submissions.
    pub per_second: f64,
    pub seconds: Duration,
    /// The same traffic before, uncounted.
    pub warm_up: Duration,
    /// How long sending may take after the last submission.
    pub patience: Duration,
    pub connections: usize,
    pub seed: u64,
}

/// Who is asked while it runs.
struct Watch {
    follow_up: FollowUpReckoner,
    sending: SendingReckoner,
}

impl SendMessages {
    pub async fn run(
        &self,
        installation: &Installation,
        quizzes: &[TrafficQuiz],
        stop: &CancellationToken,
        mut progress: impl FnMut(&str),
    ) -> anyhow::Result<SendReport> {
        let mut processes = local_processes()?;
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !processes.contains_key(*name)).collect();
        anyhow::ensure!(missing.is_empty(), "not running: {}; start them with `make up`", missing.join(", "));
        processes.insert(GENERATOR.to_owned(), std::process::id());
        let api = Campaigns::new(installation);
        progress("publishing campaigns; those of the demo pause meanwhile");
        let examples = example_campaigns()?;
        for campaign in &examples {
            if campaign.document["state"] == "active" {
                api.set_state(campaign, "paused").await?;
            }
        }
        let campaigns = load_campaigns(self.campaigns, quizzes);
        let mut published = Vec::new();
        for campaign in &campaigns {
            published.push(api.publish(campaign).await?);
        }
        let settings = FollowUpSettings::from_env()?;
        tokio::time::sleep(until_in_force(&published, settings.notice)).await;
        let watch = Watch {
            follow_up: FollowUpReckoner::connect(installation, settings).await?,
            sending: SendingReckoner::connect(installation, SendingSettings::from_env()?).await?,
        };
        let outcome = self.measure(installation, quizzes, &watch, &processes, stop, &mut progress).await;
        for campaign in &campaigns {
            api.set_state(campaign, "paused").await?;
        }
        for campaign in &examples {
            api.publish(campaign).await?;
        }
        outcome
    }

    async fn measure(
        &self,
        installation: &Installation,
        quizzes: &[TrafficQuiz],
        watch: &Watch,
        processes: &BTreeMap<String, u32>,
        stop: &CancellationToken,
        progress: &mut impl FnMut(&str),
    ) -> anyhow::Result<SendReport> {
        let ids: Vec<String> = quizzes.iter().map(|quiz| quiz.id.to_string()).collect();
        progress("warming up");
        let warming = watch.sending.baseline(&ids).await?;
        self.traffic(self.warm_up, installation, quizzes, stop).await?;
        watch.follow_up.wait_for_fanout(FAN_OUT_PATIENCE, |_| {}).await?;
        watch
            .sending
            .wait(&warming, &[], self.patience, |left| progress(&format!("warm-up: {left}")))
            .await?;

        progress("measuring");
        let baseline = watch.sending.baseline(&ids).await?;
        let of_follow_up = watch.follow_up.baseline(&ids, FAN_OUT_PATIENCE).await?;
        let accepted_before = watch.sending.accepted_by_channel().await?;
        let (cpu_before, begin) = (CpuTimes::now(processes)?, Instant::now());
        let mut samples = Vec::new();
        let figures = {
            let traffic = self.traffic(self.seconds, installation, quizzes, stop);
            tokio::pin!(traffic);
            loop {
                tokio::select! {
                    figures = &mut traffic => break figures?,
                    sample = watch.sample_later(&baseline, &accepted_before, begin) => {
                        samples.push(sample?);
                        show_last(&samples, progress);
                    }
                }
            }
        };
        let ended = Instant::now();
        watch.follow_up.wait_for_fanout(FAN_OUT_PATIENCE, |_| {}).await?;
        let until = Instant::now() + self.patience;
        let mut is_sent = false;
        while !is_sent && Instant::now() < until && !stop.is_cancelled() {
            let sample = watch.sample_later(&baseline, &accepted_before, begin).await?;
            // Intake may be behind fan-out for a moment: two looks in which nothing changes.
            let is_same = samples.last().is_some_and(|last: &SendSample| last.accepted == sample.accepted);
            is_sent = is_same && sample.unsent.is_sent();
            samples.push(sample);
            show_last(&samples, progress);
        }
        let sent_after = is_sent.then(|| ended.elapsed().as_secs_f64());
        let used = CpuTimes::now(processes)?.since(&cpu_before);
        anyhow::ensure!(!stop.is_cancelled(), "interrupted");
        progress("waiting for events and reports");
        watch.sending.wait(&baseline, &[], self.patience, |_| {}).await?;
        progress("reckoning");
        let follow_up = watch.follow_up.reckon(&of_follow_up).await?;
        let sending = watch.sending.reckon(&baseline, &follow_up.expected).await?;
        Ok(SendReport {
            submissions: figures.submissions,
            samples,
            sent_after,
            cpu_seconds: used,
            follow_up_disagreements: follow_up.disagreements,
            sending,
        })
    }

    async fn traffic(
        &self,
        length: Duration,
        installation: &Installation,
        quizzes: &[TrafficQuiz],
        stop: &CancellationToken,
    ) -> anyhow::Result<LoadFigures> {
        let mix = Mix::only_submissions(self.per_second);
        let plan = LoadPlan { connections: self.connections, ..LoadPlan::new(mix, length, self.seed) };
        let crowd = Crowd::gather(quizzes, &mix, installation.edge, self.seed);
        generate(&plan, crowd, installation.edge, Arc::new(Scoreboard::default()), stop.clone()).await
    }
}

impl Watch {
    async fn sample_later(
        &self,
        baseline: &SendingBaseline,
        accepted_before: &HashMap<String, u64>,
        begin: Instant,
    ) -> anyhow::Result<SendSample> {
        tokio::time::sleep(SAMPLE_EVERY).await;
        let unsent: Unsent = self.sending.unsent(baseline, &[]).await?;
        let now = self.sending.accepted_by_channel().await?;
        let since = |(channel, count): (String, u64)| {
            let before = accepted_before.get(&channel).copied().unwrap_or_default();
            (channel, count.saturating_sub(before))
        };
        Ok(SendSample {
            at: begin.elapsed().as_secs_f64(),
            accepted: now.into_iter().map(since).collect(),
            unsent,
        })
    }
}

fn show_last(samples: &[SendSample], progress: &mut impl FnMut(&str)) {
    let nothing = SendSample::default();
    let Some((last, before)) = samples.split_last() else { return };
    progress(&last.line_since(before.last().unwrap_or(&nothing)));
}
