//! The admin API: publishes and unpublishes quizzes.
//!
//! ```text
//! PUT ──routes──> lock (PostgreSQL, on the quiz's id)
//!                  └─ read quiz.definition.v1 to its end ─> judge ─> append ─> see the own record ─> answer
//! ```
//!
//! The lock keeps two changes of a quiz apart. It cannot hold back a record that is already on its way, so
//! what was judged is checked once more against the log after the append, and a change of unknown outcome
//! keeps its lock until the log answers again.

mod body;
mod config;
mod definitions;
mod events;
mod follow;
mod judge;
mod lock;
mod precondition;
mod publisher;
mod readiness;
mod refusal;
mod routes;
mod server;
mod token;
mod view;

#[cfg(test)]
mod testing;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vendzz_runtime::kafka::Producer;
use vendzz_runtime::service::Service;
use vendzz_runtime::tables::{Epochs, SchemaIds, Tables};
use vendzz_schemas::topics;

pub use config::{AdminConfig, DRAIN_DEADLINE};
pub use lock::lock_key;

use body::BodyTimes;
use config::{BODY_DRAIN, BODY_TIMEOUT};
use definitions::Definitions;
use lock::QuizLocks;
use publisher::Publisher;
use readiness::{IN_STEP_EVERY, Latches};
use routes::Api;

const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves until the drain, and ends when every change that had begun has come to its end.
pub async fn run(config: AdminConfig, service: Service) -> anyhow::Result<()> {
    // Changes that are under way when the drain begins still need what these follow.
    let stop = CancellationToken::new();
    let latches = Latches::new(&service.health, config.profile.is_production().then(|| config.kafka.clone()));
    let topic = config.kafka.name(topics::QUIZ_DEFINITION);
    let tables =
        Tables::follow(&config.kafka, SchemaIds::default(), Epochs::default(), IN_STEP_EVERY, stop.clone())
            .context("cannot start to follow schemas and epochs")?;
    let definitions = Definitions::default();
    let follower =
        follow::follow_definitions(&config.kafka, &tables, definitions.clone(), IN_STEP_EVERY, stop.clone())
            .context("cannot start to follow quiz.definition.v1")?;
    let publisher = Arc::new(Publisher {
        definitions,
        follower,
        locks: QuizLocks::new(&config.lock, topic.clone()),
        producer: Producer::new(&config.kafka, &config.producer()).context("cannot make the producer")?,
        log: OnceLock::new(),
        epochs: tables.epochs.clone(),
        read_timeout: config.read_timeout,
        stop: stop.clone(),
    });
    let watching = tokio::spawn(readiness::watch(publisher.clone(), tables, topic, latches, stop.clone()));

    let changes = TaskTracker::new();
    let api = Api {
        publisher: publisher.clone(),
        token: config.token,
        body_times: BodyTimes { whole: BODY_TIMEOUT, drained: BODY_DRAIN, drain: service.drain.clone() },
        changes: changes.clone(),
    };
    let served = server::serve(config.addr, routes::router(api), service.drain).await;

    changes.close();
    changes.wait().await;
    if let Err(error) = publisher.producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(%error, "the producer's queue was not empty at the end");
    }
    stop.cancel();
    watching.await.context("the watch over the parts failed")?;
    publisher.locks.close().await;
    served
}
