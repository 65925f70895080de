//! The definitions of quizzes and campaigns, read from their topics to the end as fan-out reads them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use vendzz_processors::fanout::{Following, HeldCampaigns, HeldQuizzes, follow_campaigns, follow_quizzes};
use vendzz_runtime::kafka::Follower;
use vendzz_runtime::tables::Tables;

use crate::cluster::Cluster;
use crate::settings::Settings;

/// Followers are stopped long before they would look again.
const CHECK_EVERY: Duration = Duration::from_secs(60);
const READ_WITHIN: Duration = Duration::from_secs(30);

pub(super) struct Definitions {
    pub(super) campaigns: Arc<HeldCampaigns>,
    pub(super) quizzes: Arc<HeldQuizzes>,
    stop: CancellationToken,
}

impl Definitions {
    /// `notice`: a version of a campaign is in force so long after its append at the earliest.
    pub(super) async fn read(settings: &Settings, notice: Duration) -> anyhow::Result<Self> {
        // Says that Kafka is away, where a follower would wait for it.
        Cluster::connect(&settings.kafka)?;
        let stop = CancellationToken::new();
        let tables = Tables::follow(&settings.kafka, CHECK_EVERY, stop.clone())?;
        let following = Following {
            kafka: &settings.kafka,
            schema_ids: tables.schema_ids.clone(),
            registry: settings.registry()?,
            check_every: CHECK_EVERY,
            drain: stop.clone(),
        };
        let notice_ms = i64::try_from(notice.as_millis()).unwrap_or(i64::MAX);
        let definitions = Self {
            campaigns: Arc::new(HeldCampaigns::new(notice_ms)),
            quizzes: Arc::new(HeldQuizzes::default()),
            stop,
        };
        let campaigns = follow_campaigns(&following, definitions.campaigns.clone())?;
        let quizzes = follow_quizzes(&following, definitions.quizzes.clone())?;
        for follower in [&tables.schema_ids_follower, &campaigns, &quizzes] {
            read_to_end(follower).await?;
        }
        Ok(definitions)
    }
}

impl Drop for Definitions {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn read_to_end(follower: &Follower) -> anyhow::Result<()> {
    let topic = follower.topic();
    tokio::time::timeout(READ_WITHIN, follower.caught_up())
        .await
        .with_context(|| format!("{topic} was not read to its end within {} s", READ_WITHIN.as_secs()))
}
