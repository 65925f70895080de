//! What follows the answers, reckoned: leads, abandonments, messages, funnels and partial responses. Everything is
//! read from the log and both stores by statements of our own, and compared with what [`crate::expected`] makes
//! of the same log.

mod abandonments;
mod compare;
mod funnels;
mod leads;
mod log;
mod report;
mod settings;
mod stores;

#[cfg(test)]
mod compare_tests;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use vendzz_schemas::topics;

pub use compare::{ExpectedSend, FollowUpFacts, FollowUpReckoning, QuizFollowUp, compare};
pub use funnels::{Funnel, Step};
pub use log::{FollowUpLog, FoundMessage};
pub use report::follow_up_table;
pub use settings::FollowUpSettings;

use crate::installation::Installation;
use crate::reckoning::TopicOffsets;
use crate::reckoning::kafka::LogReader;
use stores::Stores;

/// What is read of a run.
pub const FOLLOW_UP_TOPICS: [&str; 8] = [
    topics::QUIZ_SUBMISSION,
    topics::QUIZ_PROGRESS,
    topics::QUIZ_ABANDONED,
    topics::LEAD_DETECTED,
    topics::CAMPAIGN_SMS,
    topics::CAMPAIGN_EMAIL,
    topics::CAMPAIGN_WHATSAPP,
    topics::CAMPAIGN_VOICE,
];
/// What fan-out reads.
const FANOUT_TOPICS: [&str; 2] = [topics::QUIZ_SUBMISSION, topics::QUIZ_ABANDONED];
pub const FANOUT_GROUP: &str = "process.fanout";
const DEAD_LETTERS: [&str; 1] = [topics::DLQ_FANOUT];
const POLL_PAUSE: Duration = Duration::from_millis(500);

/// How things stood before a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FollowUpBaseline {
    /// Clock of this machine, milliseconds since 1970 (UTC): no id of the run is older.
    pub began_at_ms: i64,
    pub quizzes: Vec<String>,
    /// Where the run's records begin.
    pub offsets: TopicOffsets,
    pub dead_letters: TopicOffsets,
    /// By quiz and element.
    pub funnels: BTreeMap<String, Funnel>,
}

/// Reads everything that is compared.
pub struct FollowUpReckoner {
    log: LogReader,
    stores: Stores,
    settings: FollowUpSettings,
}

impl FollowUpReckoner {
    pub async fn connect(installation: &Installation, settings: FollowUpSettings) -> anyhow::Result<Self> {
        let stores = Stores::connect(installation).await?;
        Ok(Self { log: LogReader::new(installation), stores, settings })
    }

    /// How things stand now. Taken when fan-out and the projections have come to the log's end.
    pub async fn baseline(&self, quizzes: &[String], patience: Duration) -> anyhow::Result<FollowUpBaseline> {
        self.wait_for_fanout(patience, |_| {}).await?;
        let began_at_ms = chrono::Utc::now().timestamp_millis();
        Ok(FollowUpBaseline {
            began_at_ms,
            quizzes: quizzes.to_vec(),
            offsets: self.log.end_offsets(&FOLLOW_UP_TOPICS).await?,
            dead_letters: self.log.end_offsets(&DEAD_LETTERS).await?,
            funnels: self.stores.funnels(quizzes, began_at_ms, began_at_ms).await?,
        })
    }

    /// Waits until everybody of this run who has left is announced as abandoned. `progress` is told how many are not.
    pub async fn wait_for_abandonments(
        &self,
        baseline: &FollowUpBaseline,
        patience: Duration,
        mut progress: impl FnMut(usize),
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let mut log = FollowUpLog::default();
            for topic in [topics::QUIZ_SUBMISSION, topics::QUIZ_PROGRESS, topics::QUIZ_ABANDONED] {
                log = self.read_topic(log, topic, baseline).await?;
            }
            let missing = abandonments::not_announced(&log, baseline.began_at_ms).len();
            if missing == 0 {
                return Ok(());
            }
            progress(missing);
            anyhow::ensure!(
                begin.elapsed() < patience,
                "after {} s {missing} who left are not announced as abandoned",
                patience.as_secs()
            );
            tokio::time::sleep(POLL_PAUSE * 2).await;
        }
    }

    /// Waits until fan-out has committed the ends that its topics have now. `progress` is told how many records are
    /// left.
    pub async fn wait_for_fanout(
        &self,
        patience: Duration,
        mut progress: impl FnMut(i64),
    ) -> anyhow::Result<()> {
        let ends = self.log.end_offsets(&FANOUT_TOPICS).await?;
        let begin = Instant::now();
        loop {
            let behind = self.fanout_behind(&ends).await?;
            if behind == 0 {
                return Ok(());
            }
            progress(behind);
            anyhow::ensure!(
                begin.elapsed() < patience,
                "after {} s fan-out is still {behind} record(s) behind the log",
                patience.as_secs()
            );
            tokio::time::sleep(POLL_PAUSE).await;
        }
    }

    /// Records of the log's end of this moment that fan-out has not committed.
    pub async fn behind(&self) -> anyhow::Result<i64> {
        self.fanout_behind(&self.log.end_offsets(&FANOUT_TOPICS).await?).await
    }

    /// Records up to `ends` that fan-out has not committed.
    async fn fanout_behind(&self, ends: &TopicOffsets) -> anyhow::Result<i64> {
        let log = self.log.clone();
        let committed =
            tokio::task::spawn_blocking(move || log.committed(FANOUT_GROUP, &FANOUT_TOPICS)).await??;
        let left = ends.iter().map(|(topic, partition, end)| (end - committed.get(topic, partition)).max(0));
        Ok(left.sum())
    }

    /// Compares everything since the baseline. Fan-out and the projections must have caught up before.
    pub async fn reckon(&self, baseline: &FollowUpBaseline) -> anyhow::Result<FollowUpReckoning> {
        let log = self.read(baseline).await?;
        let now = chrono::Utc::now().timestamp_millis();
        let quizzes = &baseline.quizzes;
        let funnels =
            self.stores.funnels(quizzes, baseline.began_at_ms, now).await.context("the CQL store")?;
        let dead_letters = self.log.end_offsets(&DEAD_LETTERS).await?.grown_since(&baseline.dead_letters);
        let facts = FollowUpFacts {
            quizzes: quizzes.clone(),
            began_at_ms: baseline.began_at_ms,
            now_ms: now,
            settings: self.settings.clone(),
            leads_in_postgres: self.stores.leads(&log.lead_ids()).await.context("leads in PostgreSQL")?,
            partials_in_postgres: self
                .stores
                .partials(quizzes, baseline.began_at_ms)
                .await
                .context("partial responses in PostgreSQL")?,
            funnels_in_cql: funnels::since(&funnels, &baseline.funnels),
            dead_letters,
            log,
        };
        tokio::task::spawn_blocking(move || compare(&facts)).await.context("the comparison")
    }

    /// Everything that the log says since the baseline, and every version of every quiz and campaign.
    pub async fn read(&self, baseline: &FollowUpBaseline) -> anyhow::Result<FollowUpLog> {
        let mut log = self.read_definitions().await?;
        for topic in FOLLOW_UP_TOPICS {
            log = self.read_topic(log, topic, baseline).await.context(topic)?;
        }
        Ok(log)
    }

    async fn read_definitions(&self) -> anyhow::Result<FollowUpLog> {
        let reader = self.log.clone();
        let read = move || {
            let mut log = FollowUpLog::default();
            log.read_definitions(&reader)?;
            Ok(log)
        };
        tokio::task::spawn_blocking(read).await?
    }

    async fn read_topic(
        &self,
        mut log: FollowUpLog,
        topic: &'static str,
        baseline: &FollowUpBaseline,
    ) -> anyhow::Result<FollowUpLog> {
        let (reader, begins) = (self.log.clone(), baseline.offsets.clone());
        let read = move || {
            log.read(&reader, topic, &begins)?;
            Ok(log)
        };
        tokio::task::spawn_blocking(read).await?
    }
}
