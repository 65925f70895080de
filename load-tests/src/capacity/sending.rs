//! Sending at the product's rate: submissions are offered while fan-out and the four connectors work; what is accepted a
//! second by channel, how much is due and unsent, and what it costs by process.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::Target;
use super::sending_report::{SendReport, SendSample};
use crate::follow_up::{FollowUpReckoner, FollowUpSettings};
use crate::processes::{CpuTimes, local_processes};
use crate::sending::{SendingBaseline, SendingReckoner, SendingSettings, Unsent};
use crate::traffic::Mix;

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
}

/// Who is asked while it runs.
struct Watch {
    follow_up: FollowUpReckoner,
    sending: SendingReckoner,
}

impl SendMessages {
    pub async fn run(&self, target: &Target, mut progress: impl FnMut(&str)) -> anyhow::Result<SendReport> {
        let mut processes = local_processes()?;
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !processes.contains_key(*name)).collect();
        anyhow::ensure!(missing.is_empty(), "not running: {}; start them with `make up`", missing.join(", "));
        processes.insert(GENERATOR.to_owned(), std::process::id());
        let settings = FollowUpSettings::from_env()?;
        let notice = settings.notice;
        progress("publishing campaigns; those of the demo pause meanwhile");
        let measured = self.measure(target, settings, &processes, &mut progress);
        target.with_campaigns(self.campaigns, notice, measured).await
    }

    async fn measure(
        &self,
        target: &Target,
        settings: FollowUpSettings,
        processes: &BTreeMap<String, u32>,
        progress: &mut impl FnMut(&str),
    ) -> anyhow::Result<SendReport> {
        let watch = Watch {
            follow_up: FollowUpReckoner::connect(&target.installation, settings).await?,
            sending: SendingReckoner::connect(&target.installation, SendingSettings::from_env()?).await?,
        };
        let ids = target.quiz_ids();
        let mix = Mix::only_submissions(self.per_second);
        progress("warming up");
        let warming = watch.sending.baseline(&ids).await?;
        target.load(mix, self.warm_up).await?;
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
            let traffic = target.load(mix, self.seconds);
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
        while !is_sent && Instant::now() < until && !target.stop.is_cancelled() {
            let sample = watch.sample_later(&baseline, &accepted_before, begin).await?;
            // Intake may be behind fan-out for a moment: two looks in which nothing changes.
            let is_same = samples.last().is_some_and(|last: &SendSample| last.accepted == sample.accepted);
            is_sent = is_same && sample.unsent.is_sent();
            samples.push(sample);
            show_last(&samples, progress);
        }
        let sent_after = is_sent.then(|| ended.elapsed().as_secs_f64());
        let used = CpuTimes::now(processes)?.since(&cpu_before);
        anyhow::ensure!(!target.stop.is_cancelled(), "interrupted");
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
