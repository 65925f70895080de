//! The admin API: publishes and unpublishes quizzes, and publishes campaigns.
//!
//! ```text
//! PUT ──routes──> lock (PostgreSQL, on the topic and the id)
//!                  └─ read the topic to its end ─> judge ─> append ─> see the own record ─> answer
//! ```
//!
//! All of it but the judgement and the views is written once, over the [`kind::Kind`] of what is published.
//! The lock keeps two changes of the same thing apart. It cannot hold back a record that is already on its way, so
//! what was judged is checked once more against the log after the append, and a change of unknown outcome
//! keeps its lock until the log answers again.

mod body;
mod campaigns;
mod config;
mod definitions;
mod events;
mod follow;
mod kind;
mod lock;
mod precondition;
mod problems;
mod publisher;
mod quizzes;
mod readiness;
mod refusal;
mod routes;

#[cfg(test)]
mod testing;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vendzz_runtime::http::{self, BodyLimits};
use vendzz_runtime::kafka::{Follower, Producer};
use vendzz_runtime::service::{Service, Work};
use vendzz_runtime::tables::Tables;

pub use config::{AdminConfig, DRAIN_DEADLINE};
pub use lock::lock_key;

use campaigns::Campaigns;
use config::{BODY_DRAIN, BODY_TIMEOUT, MAX_BODY_BYTES, MAX_CONNECTIONS};
use definitions::Definitions;
use kind::Kind;
use lock::Locks;
use publisher::Publisher;
use quizzes::Quizzes;
use readiness::{IN_STEP_EVERY, Latches};
use routes::Api;

const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves until the drain, and ends when every change that had begun has come to its end.
pub fn run(config: AdminConfig, service: Service) -> Work {
    Box::pin(serve(config, service))
}

async fn serve(config: AdminConfig, service: Service) -> anyhow::Result<()> {
    let listener = http::listen(config.addr, "VENDZZ_ADMIN_ADDR").await?;
    // Changes that are under way when the drain begins still need what these follow.
    let stop = CancellationToken::new();
    let production = config.profile.is_production().then_some(&config.kafka);
    let of_quizzes = Latches::of::<Quizzes>(&service.health, production);
    let of_campaigns = Latches::of::<Campaigns>(&service.health, production);
    let of_postgres = service.health.latch("postgres", "not asked yet");
    let tables = Tables::follow(&config.kafka, IN_STEP_EVERY, stop.clone())
        .context("cannot start to follow schemas and epochs")?;
    let parts = Parts {
        config: &config,
        tables: &tables,
        locks: Locks::new(&config.lock),
        producer: Producer::new(&config.kafka, &config.producer()).context("cannot make the producer")?,
        stop: &stop,
    };
    let quizzes = parts.publisher::<Quizzes>(Vec::new())?;
    let campaigns = parts.publisher::<Campaigns>(vec![quizzes.follower.clone()])?;
    let Parts { locks, producer, .. } = parts;
    let watching = [
        tokio::spawn(readiness::watch(quizzes.clone(), tables.clone(), of_quizzes, stop.clone())),
        tokio::spawn(readiness::watch(campaigns.clone(), tables.clone(), of_campaigns, stop.clone())),
        tokio::spawn(readiness::watch_postgres(locks.clone(), of_postgres, stop.clone())),
    ];

    let changes = TaskTracker::new();
    let api = Api {
        quizzes,
        campaigns,
        token: config.token.clone(),
        body_limits: BodyLimits {
            max_bytes: MAX_BODY_BYTES,
            whole: BODY_TIMEOUT,
            drained: BODY_DRAIN,
            drain: service.drain.clone(),
        },
        changes: changes.clone(),
    };
    let served = http::serve(listener, "admin", routes::router(api), MAX_CONNECTIONS, service.drain).await;

    changes.close();
    changes.wait().await;
    if let Err(error) = producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(%error, "the producer's queue was not empty at the end");
    }
    stop.cancel();
    for watch in watching {
        watch.await.context("the watch over the parts failed")?;
    }
    locks.close().await;
    served
}

/// What the publishers share.
struct Parts<'a> {
    config: &'a AdminConfig,
    tables: &'a Tables,
    locks: Locks,
    producer: Producer,
    stop: &'a CancellationToken,
}

impl Parts<'_> {
    /// The publisher of a kind, whose changes are judged by what these followers hold, too.
    fn publisher<K: Kind>(&self, judged_by: Vec<Follower>) -> anyhow::Result<Arc<Publisher<K>>> {
        let definitions = Definitions::default();
        let follower = follow::follow_definitions(
            &self.config.kafka,
            self.tables,
            definitions.clone(),
            IN_STEP_EVERY,
            self.stop.clone(),
        );
        Ok(Arc::new(Publisher {
            definitions,
            follower: follower.with_context(|| format!("cannot start to follow {}", K::TOPIC))?,
            judged_by,
            locks: self.locks.clone(),
            producer: self.producer.clone(),
            log: OnceLock::new(),
            epochs: self.tables.epochs.clone(),
            read_timeout: self.config.read_timeout,
            stop: self.stop.clone(),
        }))
    }
}
