//! The reckoning: what the clients were told against what stands in the log, in PostgreSQL and in the
//! CQL store. It shares no code with the services: it reads Kafka with a consumer of its own and
//! decodes by the registry's schemas, and asks both stores with statements of its own.
//!
//! ```text
//! Sent ───────────┐
//! log contents ───┤
//! rows ───────────┼──> compare ──> Reckoning ──> table, disagreements by name
//! totals ─────────┤
//! edge's losses ──┘
//! ```

pub(crate) mod avro;
mod baseline;
mod beacons;
pub(crate) mod behind;
mod compare;
mod content;
pub(crate) mod cql;
mod edge_losses;
pub(crate) mod kafka;
pub(crate) mod postgres;
mod report;
mod views;

#[cfg(test)]
mod compare_tests;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;
use vendzz_schemas::topics;

pub use baseline::{Baseline, TopicOffsets};
pub use beacons::BeaconCounts;
pub use behind::Behind;
pub use compare::{Disagreement, Facts, QuizReckoning, Reckoning, SubmissionCounts, compare};
pub use content::ResponseContent;
pub use cql::{AnalyticsTotals, TotalsKey, TotalsReader, TotalsValue};
pub use edge_losses::{EdgeViewLosses, ViewPromise, read_edge_losses};
pub use kafka::{LogContents, LogReader, LoggedQuiz, LoggedResponse};
pub use postgres::{ResponseReader, StateRows};
pub use report::{
    disagreement_lines, disagreement_lines_of, reckoning_table, run_table, traffic_lines, unknown_lines,
};
pub use views::ViewCounts;

use crate::installation::Installation;
use crate::sent::Sent;

/// The topics whose records are counted.
pub const COUNTED_TOPICS: [&str; 3] = [topics::QUIZ_SUBMISSION, topics::QUIZ_VIEW, topics::QUIZ_PROGRESS];
/// The topics that the projections fold.
const FOLDED_TOPICS: [&str; 4] =
    [topics::QUIZ_SUBMISSION, topics::QUIZ_VIEW, topics::QUIZ_PROGRESS, topics::LEAD_DETECTED];
const DEAD_LETTER_TOPICS: [&str; 2] = [topics::DLQ_STATE, topics::DLQ_ANALYTICS];

const POLL_PAUSE: Duration = Duration::from_millis(250);
/// The log must stand still for a baseline; somebody else's traffic may need a moment to end.
const BASELINE_TRIES: usize = 20;

/// Reads everything that is compared.
pub struct Reckoner {
    installation: Installation,
    log: LogReader,
    responses: ResponseReader,
    totals: TotalsReader,
}

/// Why there is no reckoning yet.
#[derive(Debug, thiserror::Error)]
#[error("after {seconds} s the projections are still behind the log: {behind}")]
pub struct StillBehind {
    pub seconds: u64,
    pub behind: Behind,
}

impl Reckoner {
    pub async fn connect(installation: &Installation) -> anyhow::Result<Self> {
        Ok(Self {
            log: LogReader::new(installation),
            responses: ResponseReader::connect(&installation.postgres_url).await?,
            totals: TotalsReader::connect(&installation.cql_nodes, &installation.cql_keyspace).await?,
            installation: installation.clone(),
        })
    }

    /// How things stand before a run: taken when both projections have applied the whole log, so that
    /// what the run adds can be told from what was there.
    pub async fn baseline(&self, quizzes: &[String], patience: Duration) -> anyhow::Result<Baseline> {
        for _ in 0..BASELINE_TRIES {
            let began_at_ms = chrono::Utc::now().timestamp_millis();
            self.wait_until_caught_up(patience, |_| {}).await?;
            let ends = self.log.end_offsets(&COUNTED_TOPICS).await?;
            self.wait_until_applied(&ends, patience, |_| {}).await?;
            let totals = self.totals.read(quizzes, began_at_ms, began_at_ms).await?;
            let stood_still = self.log.end_offsets(&COUNTED_TOPICS).await? == ends;
            if !stood_still {
                continue;
            }
            return Ok(Baseline {
                began_at_ms,
                quizzes: quizzes.to_vec(),
                offsets: ends,
                dead_letters: self.log.end_offsets(&DEAD_LETTER_TOPICS).await?,
                totals: totals.to_list(&self.installation.kafka_names),
                edge_losses: read_edge_losses(self.installation.edge_private).await.ok(),
                follow_up: None,
            });
        }
        anyhow::bail!("somebody else is sending: the log does not stand still, so there is no baseline")
    }

    /// Waits until both projections have applied the log up to its end of this moment.
    pub async fn wait_until_caught_up(
        &self,
        patience: Duration,
        progress: impl FnMut(&Behind),
    ) -> anyhow::Result<()> {
        let ends = self.log.end_offsets(&FOLDED_TOPICS).await?;
        self.wait_until_applied(&ends, patience, progress).await
    }

    /// How far the projections are behind the log's end of this moment.
    pub async fn behind(&self) -> anyhow::Result<Behind> {
        let ends = self.log.end_offsets(&FOLDED_TOPICS).await?;
        let incarnations = self.log.incarnations().await?;
        self.behind_of(&ends, &incarnations).await
    }

    async fn behind_of(
        &self,
        ends: &TopicOffsets,
        incarnations: &HashMap<String, String>,
    ) -> anyhow::Result<Behind> {
        let state = self.responses.resume_points().await?;
        let analytics = self.totals.resume_points().await?;
        Ok(Behind::of(ends, incarnations, &self.installation.kafka_names, &state, &analytics))
    }

    async fn wait_until_applied(
        &self,
        ends: &TopicOffsets,
        patience: Duration,
        mut progress: impl FnMut(&Behind),
    ) -> anyhow::Result<()> {
        let incarnations = self.log.incarnations().await?;
        let begin = Instant::now();
        loop {
            let behind = self.behind_of(ends, &incarnations).await?;
            if behind.is_none() {
                return Ok(());
            }
            progress(&behind);
            if begin.elapsed() >= patience {
                return Err(StillBehind { seconds: patience.as_secs(), behind }.into());
            }
            tokio::time::sleep(POLL_PAUSE).await;
        }
    }

    /// Compares everything since the baseline. The projections must have caught up before.
    pub async fn reckon(
        &self,
        baseline: &Baseline,
        sent: &Sent,
        promise: ViewPromise,
    ) -> anyhow::Result<Reckoning> {
        let ends = self.log.end_offsets(&COUNTED_TOPICS).await?;
        let now = chrono::Utc::now().timestamp_millis();
        let log = self.log.read(&baseline.offsets, &ends).await.context("the log")?;
        let rows =
            self.responses.read(&baseline.quizzes, baseline.began_at_ms).await.context("PostgreSQL")?;
        let totals =
            self.totals.read(&baseline.quizzes, baseline.began_at_ms, now).await.context("the CQL store")?;
        let before = AnalyticsTotals::from_list(&baseline.totals, &self.installation.kafka_names);
        let dead_letters =
            self.log.end_offsets(&DEAD_LETTER_TOPICS).await?.grown_since(&baseline.dead_letters);
        let losses = match (promise, &baseline.edge_losses) {
            (ViewPromise::BestEffort, _) => None,
            (ViewPromise::Exact, None) => anyhow::bail!(
                "the edge's counters were not read before the run: views can only be reckoned as best effort"
            ),
            (ViewPromise::Exact, Some(before)) => {
                Some(read_edge_losses(self.installation.edge_private).await?.since(before)?)
            }
        };
        Ok(compare(&Facts {
            quizzes: &baseline.quizzes,
            sent,
            log: &log,
            rows: &rows,
            totals: &totals.since(&before),
            submission_topic: &self.installation.kafka_names.name(topics::QUIZ_SUBMISSION),
            view_topic: &self.installation.kafka_names.name(topics::QUIZ_VIEW),
            dead_letters,
            view_losses: losses,
        }))
    }
}
