use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use super::Progress;
use crate::campaigns::{Campaigns, example_campaigns, until_in_force};
use crate::follow_up::{
    FollowUpBaseline, FollowUpReckoner, FollowUpReckoning, FollowUpSettings, follow_up_table,
};
use crate::installation::Installation;
use crate::reckoning::{Baseline, disagreement_lines_of};

/// Beyond the time that somebody has to come back: the projector, the sweeps and the announcement.
const SWEEPING: Duration = Duration::from_secs(90);

/// The demo's second half: campaigns, and what becomes of the answers.
pub(super) struct FollowUp {
    settings: FollowUpSettings,
    reckoner: FollowUpReckoner,
}

impl FollowUp {
    /// Publishes the campaigns of these quizzes and waits until they are in force.
    pub(super) async fn begin(installation: &Installation, quizzes: &[String]) -> anyhow::Result<Self> {
        let settings = FollowUpSettings::from_env()?;
        let api = Campaigns::new(installation);
        let mut published = Vec::new();
        for campaign in example_campaigns()? {
            let quiz = campaign.document["quizId"].as_str().unwrap_or_default();
            if quizzes.iter().any(|id| id == quiz) {
                published.push(api.publish(&campaign).await?);
            }
        }
        let active = published.iter().filter(|campaign| campaign.state == "active").count();
        println!("published {} campaigns, {active} of them active", published.len());
        wait_until_in_force(until_in_force(&published, settings.notice)).await;
        let reckoner = FollowUpReckoner::connect(installation, settings.clone()).await?;
        Ok(Self { settings, reckoner })
    }

    pub(super) async fn baseline(
        &self,
        quizzes: &[String],
        patience: Duration,
    ) -> anyhow::Result<FollowUpBaseline> {
        self.reckoner.baseline(quizzes, patience).await
    }

    /// Waits until all who left are announced, and fan-out has followed up everything.
    pub(super) async fn wait(&self, baseline: &Baseline, patience: Duration) -> anyhow::Result<()> {
        let baseline = of_follow_up(baseline)?;
        let mut progress = Progress::start();
        let show = |missing: usize| {
            progress.show(&format!("waiting for who left: {missing} not announced as abandoned yet"));
        };
        let abandoning = self.settings.abandon_after + SWEEPING;
        self.reckoner.wait_for_abandonments(baseline, abandoning, show).await?;
        progress.finish("everybody who left after giving a contact is announced as abandoned");
        let mut progress = Progress::start();
        let show = |behind: i64| progress.show(&format!("fan-out catches up: behind by {behind} record(s)"));
        self.reckoner.wait_for_fanout(patience, show).await?;
        progress.finish("fan-out has caught up with the log");
        Ok(())
    }

    pub(super) async fn reckon(&self, baseline: &Baseline) -> anyhow::Result<FollowUpReckoning> {
        self.reckoner.reckon(of_follow_up(baseline)?).await
    }

    /// Prints the table and what does not agree; whether everything agrees.
    pub(super) fn show(reckoning: &FollowUpReckoning) -> bool {
        println!("\n{}\n", follow_up_table(reckoning));
        for line in disagreement_lines_of(&reckoning.disagreements) {
            println!("{line}");
        }
        // Zeros agree with zeros.
        let missing = reckoning.what_did_not_happen();
        for what in &missing {
            println!("DISAGREES: {what}: the demo shows nothing of it");
        }
        reckoning.agrees() && missing.is_empty()
    }
}

fn of_follow_up(baseline: &Baseline) -> anyhow::Result<&FollowUpBaseline> {
    baseline.follow_up.as_ref().context("the baseline says nothing of the follow-up")
}

async fn wait_until_in_force(length: Duration) {
    if length.is_zero() {
        return;
    }
    let mut progress = Progress::start();
    let until = Instant::now() + length;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        progress.show(&format!("campaigns are in force after their notice: {} s left", left.as_secs() + 1));
        tokio::time::sleep(left.min(Duration::from_millis(500))).await;
    }
    progress.finish("the campaigns are in force");
}
