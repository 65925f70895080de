//! The life of the edge: boot, serve, drain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vendzz_runtime::kafka::{BestEffortProducer, Producer};
use vendzz_runtime::service::{Service, Work};
use vendzz_runtime::tables::Tables;
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::topics::{QUIZ_PROGRESS, QUIZ_VIEW};

use super::client::NetworkLimiter;
use super::clock;
use super::config::{EdgeConfig, Times};
use super::http::{Admission, BodyLimits, Listener, OpenConnections};
use super::log::{AddressKeys, EventLog, keep_keys};
use super::metrics::EdgeMetrics;
use super::quizzes::{DefinitionStore, follow_definitions};
use super::readiness::Readiness;
use super::snapshot::SnapshotKeeper;
use super::state::Edge;

/// A body may hold this much.
const MAX_BODY_BYTES: usize = 64 * 1024;
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Serves until the drain, then ends what has been begun.
pub fn run(config: EdgeConfig, service: Service) -> Work {
    Box::pin(serve(config, service))
}

async fn serve(config: EdgeConfig, service: Service) -> anyhow::Result<()> {
    let listener = Listener::bind(&config.listen).await?;
    let drain = service.drain.clone();
    let check_every = config.ids.epoch_max_age / 3;
    let tables = Tables::follow(&config.kafka, check_every, drain.clone())?;
    let definitions = Arc::new(DefinitionStore::default());
    let definitions_follower =
        follow_definitions(&config.kafka, tables.clone(), definitions.clone(), drain.clone())?;
    let address_keys = AddressKeys::default();
    let keys_follower = address_keys.follow(&config.kafka, drain.clone())?;
    let submissions = Producer::new(&config.kafka, &config.producers.submissions)?;
    let lost =
        |topic, metric: MetricName| (config.kafka.name(topic), metric.counter_of(&[("outcome", "lost")]));
    let views_lost =
        vec![lost(QUIZ_VIEW, MetricName::QuizViews), lost(QUIZ_PROGRESS, MetricName::QuizProgress)];
    let views = BestEffortProducer::new(&config.kafka, &config.producers.views, views_lost)?;
    let log =
        EventLog::new(&config.kafka, submissions.clone(), views, tables.clone(), config.ids.epoch_max_age);
    log.set_durable(!config.is_production);
    let snapshot = config.snapshot.folder.clone().map(|folder| {
        let prefix = config.kafka.namespace.prefix().to_owned();
        SnapshotKeeper::new(folder, prefix, tables.clone(), definitions.clone(), address_keys.clone())
    });
    let edge = Arc::new(Edge {
        definitions,
        definitions_follower,
        log,
        address_keys: address_keys.clone(),
        proxies: config.listen.trusted_proxies.clone(),
        submission_limiter: NetworkLimiter::new(config.limits.submissions),
        view_limiter: NetworkLimiter::new(config.limits.views),
        progress_limiter: NetworkLimiter::new(config.limits.progress),
        hot_quiz_per_second: config.limits.hot_quiz_per_second,
        admission: Admission::new(config.admission.max_requests, config.admission.max_body_kib * 1024),
        body_limits: BodyLimits {
            max_bytes: MAX_BODY_BYTES,
            timeout: config.times.body,
            cut_off: AtomicBool::new(false),
        },
        request_timeout: config.times.request,
        id_ahead_ms: i64::try_from(config.ids.ahead.as_millis()).unwrap_or(i64::MAX),
        metrics: EdgeMetrics::default(),
        serving: AtomicBool::new(false),
    });

    tracing::info!(address = %listener.address()?, "listening");
    let accepting = tokio::spawn(listener.accept(edge.clone(), drain.clone()));
    tokio::spawn(keep_keys(address_keys, keys_follower, config.kafka.clone(), submissions, clock::now_ms));
    let production = config.is_production.then(|| config.kafka.clone());
    let readiness = Readiness::new(&service.health, edge.clone(), tables, snapshot.clone(), production);
    let becoming_ready = tokio::spawn(readiness.reach(config.snapshot.clone()));

    let failure = tokio::select! {
        () = drain.cancelled() => None,
        failure = watch_producers(&edge) => Some(failure),
    };
    if failure.is_some() {
        service.health.drain();
        drain.cancel();
    }
    let connections = accepting.await?;
    finish_requests(&edge, &connections, &config.times).await;
    if let Err(error) = edge.log.flush(config.times.drain_flush).await {
        tracing::error!(%error, "some records were not acknowledged before the end");
    }
    becoming_ready.abort();
    if let Some(snapshot) = snapshot.filter(|_| edge.definitions_follower.is_caught_up()) {
        snapshot.write().await?;
    }
    match failure {
        Some(failure) => Err(anyhow::anyhow!("a producer is of no use any more: {failure}")),
        None => Ok(()),
    }
}

/// Requests whose body has come are answered; those whose body is still on its way are told to go
/// elsewhere after a while.
async fn finish_requests(edge: &Edge, connections: &OpenConnections, times: &Times) {
    if tokio::time::timeout(times.drain_body, connections.closed()).await.is_ok() {
        return;
    }
    edge.body_limits.cut_off.store(true, Ordering::Relaxed);
    if tokio::time::timeout(times.message, connections.closed()).await.is_err() {
        tracing::warn!(connections = connections.count(), "connections are cut");
    }
}

/// Reports the queues, until a producer fails for ever: then only a new process helps.
async fn watch_producers(edge: &Edge) -> String {
    loop {
        edge.log.report();
        if let Some(failure) = edge.log.fatal_error() {
            return failure;
        }
        tokio::time::sleep(REPORT_EVERY).await;
    }
}
