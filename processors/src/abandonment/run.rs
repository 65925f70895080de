use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::config::Profile;
use vendzz_runtime::health::Latch;
use vendzz_runtime::kafka::{Producer, require_durability};
use vendzz_runtime::kernel::Backoff;
use vendzz_runtime::postgres::{when_made, when_up};
use vendzz_runtime::service::{Service, Work};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::topics::QUIZ_ABANDONED;

use super::AbandonmentConfig;
use super::events::RoundFailed;
use super::publish::Publisher;
use super::store::Store;
use super::sweep::Sweeper;

/// Why the latch of the projection is held.
const NO_PROJECTION: &str = "the state projector has not made its tables";
const WARM: Duration = Duration::from_secs(5);
/// Between two rounds of which the first failed.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Runs until the drain, or until an error that only a new process can heal.
pub fn run(config: AbandonmentConfig, service: Service) -> Work {
    Box::pin(work(config, service))
}

async fn work(config: AbandonmentConfig, service: Service) -> anyhow::Result<()> {
    if let Some(crash_at) = config.crash_at.clone() {
        crash_at.arm();
    }
    let drain = service.drain.clone();
    let prepared = tokio::select! {
        prepared = prepare(&config, &service) => prepared?,
        () = drain.cancelled() => return Ok(()),
    };
    let Some((sweeper, publisher, latch)) = prepared else { return Ok(()) };
    rounds(&config, sweeper, publisher, &latch, &drain).await
}

/// Waits for everything that a sweep needs; `None` when the drain came first.
async fn prepare(
    config: &AbandonmentConfig,
    service: &Service,
) -> anyhow::Result<Option<(Sweeper, Publisher, Latch)>> {
    let health = &service.health;
    let tables_latch = Tables::latch(health);
    let postgres_latch = health.latch("postgres", "the tables are not prepared");
    let projection_latch = health.latch("projection", NO_PROJECTION);
    let sweep_latch = health.latch("sweep", "no sweep has been done");
    let tables = Tables::follow(&config.kafka, Tables::CHECK_EVERY, service.drain.clone())?;
    if config.profile == Profile::Production {
        let durability_latch = health.latch("durability", "the topic has not been looked at");
        require_durability(&durability_latch, &config.kafka, &[QUIZ_ABANDONED]).await;
    }
    let store = Store::new(&config.postgres);
    if !when_up(|| store.prepare(), &postgres_latch, &service.drain).await? {
        return Ok(None);
    }
    tables.caught_up().await;
    let topic = Publisher::topic_of(&config.kafka);
    let encoder = tables.schema_ids.encoder_when_registered(&topic, &tables_latch).await;
    when_made(|| store.has_projection(), &projection_latch, NO_PROJECTION).await;
    let producer = Producer::new(&config.kafka, &config.producer()).context("the producer")?;
    // Without a broker the first sweep says so.
    let _ = producer.warm(&topic, WARM).await;
    let epochs = tables.epochs;
    let sweeper = Sweeper::new(config, store.clone(), epochs.clone());
    let publisher = Publisher { store, producer, epochs, encoder, topic, batch: config.batch };
    Ok(Some((sweeper, publisher, sweep_latch)))
}

async fn rounds(
    config: &AbandonmentConfig,
    mut sweeper: Sweeper,
    publisher: Publisher,
    latch: &Latch,
    drain: &CancellationToken,
) -> anyhow::Result<()> {
    let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
    while !drain.is_cancelled() {
        let wait = match round(&mut sweeper, &publisher, drain).await {
            Ok(()) => {
                latch.ready();
                backoff.reset();
                config.sweep_every
            }
            Err(error) => {
                if let Some(fatal) = publisher.producer.fatal_error() {
                    anyhow::bail!("the producer is useless from now on: {fatal}");
                }
                let again_in = backoff.next_wait();
                RoundFailed { error: &error, again_in }.emit();
                latch.missing(format!("{error:#}"));
                again_in
            }
        };
        publisher.producer.report();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = drain.cancelled() => {}
        }
    }
    Ok(())
}

/// What is decided is announced also when the sweep failed.
async fn round(
    sweeper: &mut Sweeper,
    publisher: &Publisher,
    drain: &CancellationToken,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let swept = sweeper.sweep(drain).await;
    if let Ok(swept) = &swept {
        swept.emit(began.elapsed());
    }
    publisher.publish(drain).await.context("announcing")?;
    swept.map(drop).context("sweeping")
}
