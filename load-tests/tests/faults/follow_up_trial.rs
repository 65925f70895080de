use std::sync::Arc;
use std::time::Duration;

use vendzz_load_tests::campaigns::{CampaignFile, Campaigns, example_campaigns, until_in_force};
use vendzz_load_tests::cluster::{Cluster, Instance, Service, follow_up_settings};
use vendzz_load_tests::follow_up::{
    FollowUpBaseline, FollowUpLog, FollowUpReckoner, FollowUpReckoning, follow_up_table,
};
use vendzz_load_tests::reckoning::{ViewPromise, disagreement_lines_of};
use vendzz_load_tests::traffic::Mix;

use crate::trial::{Traffic, Trial};

pub(crate) const FANOUT: Instance = Instance::first(Service::Fanout);
pub(crate) const ABANDONMENT: Instance = Instance::first(Service::Abandonment);
const SUBMISSIONS_PER_SECOND: f64 = 40.0;
const PATIENCE: Duration = Duration::from_secs(120);

/// A trial whose answers are followed up: all services, the example campaigns in force, and how everything stood.
pub(crate) struct FollowUpTrial {
    pub(crate) trial: Trial,
    pub(crate) campaigns: Vec<CampaignFile>,
    baseline: FollowUpBaseline,
}

impl FollowUpTrial {
    pub(crate) async fn begin() -> Self {
        let campaigns = example_campaigns().expect("the example campaigns");
        Self::of(Trial::of(Cluster::start_all()).await, campaigns).await
    }

    /// With these services and campaigns.
    pub(crate) async fn of(trial: Trial, campaigns: Vec<CampaignFile>) -> Self {
        publish(&trial, &campaigns).await;
        let reckoner = reckoner(&trial).await;
        let baseline = reckoner.baseline(&trial.quiz_ids(), PATIENCE).await.expect("a baseline");
        Self { trial, campaigns, baseline }
    }

    /// Further campaigns, in force afterwards.
    pub(crate) async fn add(&mut self, campaigns: Vec<CampaignFile>) {
        publish(&self.trial, &campaigns).await;
        self.campaigns.extend(campaigns);
    }

    /// With people who leave, and some who come back once they are announced.
    pub(crate) fn start_traffic(&self, length: Duration, seed: u64) -> Traffic {
        let mix = Mix {
            views_per_second: SUBMISSIONS_PER_SECOND,
            resend_share: 0.05,
            return_share: 0.15,
            return_after: Duration::from_secs(6),
            ..Mix::realistic(SUBMISSIONS_PER_SECOND)
        };
        self.trial.start_traffic_of(mix, length, seed)
    }

    /// Waits for everything, and every answer, lead, announcement and message must be as expected.
    pub(crate) async fn expect_agreement(&self, traffic: Traffic, views: ViewPromise) -> FollowUpReckoning {
        self.trial.expect_agreement(traffic, views).await;
        let reckoning = self.expect_what_follows().await;
        let left: u64 = reckoning.quizzes.values().map(|quiz| quiz.abandoned).sum();
        assert!(
            reckoning.messages_found() > 500 && left > 20,
            "too little happened for the trial to say anything"
        );
        reckoning
    }

    /// The same of what follows the answers that stand in the log.
    pub(crate) async fn expect_what_follows(&self) -> FollowUpReckoning {
        let reckoner = reckoner(&self.trial).await;
        reckoner.wait_for_abandonments(&self.baseline, PATIENCE, |_| {}).await.expect("all are announced");
        if let Err(behind) = reckoner.wait_for_fanout(PATIENCE, |_| {}).await {
            panic!("{behind:#}\n{}", self.trial.warnings_of(Service::Fanout));
        }
        self.trial.catch_up().await;
        // What a late writer would still do, it does now.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let reckoning = reckoner.reckon(&self.baseline).await.expect("a reckoning");
        println!("{}", follow_up_table(&reckoning));
        let copies: u64 = reckoning.quizzes.values().map(|quiz| quiz.copies).sum();
        println!("{} distinct messages, {copies} further copies", reckoning.messages_found());
        let lines = disagreement_lines_of(&reckoning.disagreements);
        assert!(lines.is_empty(), "{}", lines.join("\n"));
        reckoning
    }

    /// What the log says of the run.
    pub(crate) async fn log(&self) -> FollowUpLog {
        reckoner(&self.trial).await.read(&self.baseline).await.expect("the log")
    }
}

/// And waits until they are in force.
async fn publish(trial: &Trial, campaigns: &[CampaignFile]) {
    let api = Campaigns::new(trial.cluster.installation());
    let mut published = Vec::new();
    for campaign in campaigns {
        published.push(api.publish(campaign).await.expect("a campaign is published"));
    }
    tokio::time::sleep(until_in_force(&published, follow_up_settings().notice)).await;
}

/// Connections of its own: older ones may lead to a server that was killed since.
async fn reckoner(trial: &Trial) -> Arc<FollowUpReckoner> {
    let settings = follow_up_settings();
    let reckoner = FollowUpReckoner::connect(trial.cluster.installation(), settings).await;
    Arc::new(reckoner.expect("the reckoner connects"))
}
