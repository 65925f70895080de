use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::load_campaigns::load_campaigns;
use crate::campaigns::{Campaigns, example_campaigns, until_in_force};
use crate::generator::{LoadFigures, LoadPlan, Scoreboard, generate};
use crate::installation::Installation;
use crate::traffic::{Crowd, Mix, TrafficQuiz};

/// What is put under load, and how.
pub struct Target {
    pub installation: Installation,
    pub quizzes: Vec<TrafficQuiz>,
    pub connections: usize,
    pub seed: u64,
    pub stop: CancellationToken,
}

impl Target {
    pub fn quiz_ids(&self) -> Vec<String> {
        self.quizzes.iter().map(|quiz| quiz.id.to_string()).collect()
    }

    pub(super) fn plan(&self, mix: Mix, length: Duration) -> LoadPlan {
        LoadPlan { connections: self.connections, ..LoadPlan::new(mix, length, self.seed) }
    }

    /// Sends to the edge.
    pub(super) async fn load(&self, mix: Mix, length: Duration) -> anyhow::Result<LoadFigures> {
        self.load_at(self.installation.edge, &self.plan(mix, length)).await
    }

    pub(super) async fn load_at(&self, address: SocketAddr, plan: &LoadPlan) -> anyhow::Result<LoadFigures> {
        let crowd = Crowd::gather(&self.quizzes, &plan.mix, address, plan.seed);
        generate(plan, crowd, address, Arc::new(Scoreboard::default()), self.stop.clone()).await
    }

    /// Measures with so many campaigns in force, `notice` after they were published; those of the demo pause meanwhile.
    pub(super) async fn with_campaigns<T>(
        &self,
        count: usize,
        notice: Duration,
        measure: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let api = Campaigns::new(&self.installation);
        let examples = example_campaigns()?;
        for campaign in &examples {
            if campaign.document["state"] == "active" {
                api.set_state(campaign, "paused").await?;
            }
        }
        let campaigns = load_campaigns(count, &self.quizzes);
        let mut published = Vec::new();
        for campaign in &campaigns {
            published.push(api.publish(campaign).await?);
        }
        tokio::time::sleep(until_in_force(&published, notice)).await;
        let outcome = measure.await;
        for campaign in &campaigns {
            api.set_state(campaign, "paused").await?;
        }
        for campaign in &examples {
            api.publish(campaign).await?;
        }
        outcome
    }
}
