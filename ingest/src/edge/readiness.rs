//! From a started process to one that may be sent traffic, with Kafka or, for a while, without.

use std::sync::Arc;
use std::time::Duration;

use vendzz_runtime::health::{Health, Latch};
use vendzz_runtime::kafka::{KafkaConfig, require_durability};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::topics::{QUIZ_PROGRESS, QUIZ_SUBMISSION, QUIZ_VIEW};

use super::clock;
use super::config::SnapshotConfig;
use super::snapshot::{SnapshotError, SnapshotKeeper};
use super::state::Edge;

const RETRY: Duration = Duration::from_millis(200);
const WARM_TIMEOUT: Duration = Duration::from_secs(5);
/// Kafka is said to be away after so long without a comparison with the log's end.
const AWAY_AFTER: Duration = Duration::from_secs(15);

/// Leads the edge to readiness, and watches over it afterwards.
pub(super) struct Readiness {
    edge: Arc<Edge>,
    tables: Tables,
    snapshot: Option<SnapshotKeeper>,
    tables_read: Latch,
    definitions_read: Latch,
    address_key_known: Latch,
    producers_warm: Latch,
    log_in_step: Latch,
    /// In production alone.
    durability: Option<(Latch, KafkaConfig)>,
}

impl Readiness {
    /// `production`: where the topics must be kept durably.
    pub(super) fn new(
        health: &Health,
        edge: Arc<Edge>,
        tables: Tables,
        snapshot: Option<SnapshotKeeper>,
        production: Option<KafkaConfig>,
    ) -> Self {
        Self {
            edge,
            tables,
            snapshot,
            tables_read: health.latch("tables", "schema ids and epochs are being read"),
            definitions_read: health.latch("definitions", "quiz definitions are being read"),
            address_key_known: health.latch("address_key", "the day's address key is not known"),
            producers_warm: health.latch("producers", "not connected"),
            log_in_step: health.latch("log", "not asked yet"),
            durability: production
                .map(|kafka| (health.latch("durability", "the topics' replication is not known"), kafka)),
        }
    }

    /// Runs until the process ends.
    pub(super) async fn reach(self, snapshot: SnapshotConfig) {
        let in_time =
            tokio::time::timeout(snapshot.use_after, self.edge.definitions_follower.caught_up()).await;
        if in_time.is_err() {
            self.start_from_snapshot();
        }
        self.tables.caught_up().await;
        self.tables_read.ready();
        self.edge.definitions_follower.caught_up().await;
        self.edge.definitions.go_live();
        self.edge.start_serving();
        self.definitions_read.ready();
        while !self.edge.address_keys.has_day(clock::now_ms()) {
            tokio::time::sleep(RETRY).await;
        }
        self.address_key_known.ready();
        self.warm_producers().await;
        self.producers_warm.ready();
        if let Some(keeper) = self.snapshot.clone() {
            tokio::spawn(async move { keeper.keep(snapshot.every).await });
        }
        tokio::join!(self.see_durability(), self.watch());
    }

    /// Until the topics are kept as production asks, the log takes nothing.
    async fn see_durability(&self) {
        let Some((latch, kafka)) = &self.durability else { return };
        require_durability(latch, kafka, &[QUIZ_SUBMISSION, QUIZ_VIEW, QUIZ_PROGRESS]).await;
        self.edge.log.set_durable(true);
    }

    /// Kafka is silent: quizzes are served as they were, and submissions are refused until it is back.
    fn start_from_snapshot(&self) {
        let Some(keeper) = &self.snapshot else { return };
        match keeper.load() {
            Ok(written_at) => {
                let age_seconds = (clock::now_ms() - written_at) / 1_000;
                tracing::warn!(age_seconds, "Kafka is silent: starting from the snapshot");
                self.edge.start_serving();
                let reason = format!("Kafka is silent; from a snapshot that was {age_seconds} s old");
                for latch in [
                    &self.tables_read,
                    &self.definitions_read,
                    &self.address_key_known,
                    &self.producers_warm,
                    &self.log_in_step,
                ] {
                    latch.degraded(reason.as_str());
                }
                if let Some((latch, _)) = &self.durability {
                    latch.degraded(reason.as_str());
                }
            }
            Err(error @ SnapshotError::Missing(_)) => {
                tracing::warn!(%error, "Kafka is silent, and this edge has no snapshot to start from: waiting");
                self.definitions_read.missing(format!("Kafka is silent, and {error}"));
            }
            Err(error) => {
                tracing::error!(%error, "Kafka is silent, and the snapshot cannot be used: waiting");
                self.definitions_read.missing(format!("Kafka is silent, and {error}"));
            }
        }
    }

    async fn warm_producers(&self) {
        loop {
            let ready = match self.edge.log.prepare() {
                Ok(()) => self.edge.log.warm(WARM_TIMEOUT).await,
                Err(error) => Err(error),
            };
            match ready {
                Ok(()) if self.edge.log.knows_partitions() => return,
                Ok(()) => {}
                Err(error) => self.producers_warm.missing(format!("{error:#}")),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Says when the log is away, and when it is back.
    async fn watch(&self) {
        loop {
            let age = self.edge.definitions_follower.in_step_age();
            match age.filter(|age| *age < AWAY_AFTER) {
                Some(_) if self.edge.log.is_routable() => self.log_in_step.ready(),
                Some(_) => self
                    .log_in_step
                    .degraded("the epochs are too old, or the topics not durable: submissions are refused"),
                None => self.log_in_step.degraded("Kafka is silent: submissions are refused"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
