//! The life of a channel's worker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::config::Profile;
use vendzz_runtime::kafka::{Producer, require_durability};
use vendzz_runtime::kernel::{self, Backoff};
use vendzz_runtime::postgres::{when_made, when_up};
use vendzz_runtime::service::{Service, Work};
use vendzz_runtime::tables::Tables;
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::CAMPAIGN_DELIVERY;

use super::calls::Caller;
use super::completion::Completion;
use super::config::{SenderConfig, group_of};
use super::events::RoundFailed;
use super::pools::Pools;
use super::publish::Publisher;
use super::retry::RetryPolicy;
use super::sweep::sweep;
use super::work::Worker;
use crate::intake::{Backlog, IntakeProjection, TALLY_SHARDS};
use crate::ledger::store::LedgerStore;
use crate::permissions::{self, Permissions};

/// Why the latch of the projection is held.
const NO_PROJECTION: &str = "the state projector has not made its tables";
const WARM: Duration = Duration::from_secs(5);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// From the begin of a round to the next one at least: a round costs nearly the same for one row as for many.
const PACE: Duration = Duration::from_millis(40);
/// Between two looks for rows that may be late and that nobody leases otherwise.
const LATE_EVERY: Duration = Duration::from_secs(5);
/// Between two counts of what is due: a count reads what it counts.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// First news of events wait so long for others.
const GATHER_EVENTS: Duration = Duration::from_millis(100);
/// Events that nobody has announced to this process, such as those of reports, are looked for so often.
const PUBLISH_EVERY: Duration = Duration::from_millis(500);

/// Runs until the drain, or until an error that only a new process can heal.
pub fn run(config: SenderConfig, service: Service) -> Work {
    Box::pin(work(config, service))
}

async fn work(config: SenderConfig, service: Service) -> anyhow::Result<()> {
    if let Some(crash_at) = config.crash_at.clone() {
        crash_at.arm();
    }
    let drain = service.drain.clone();
    let pools = Pools::of(&config.senders, config.channel, config.call_timeout, config.breaker_open)?;
    let registry = RegistryClient::new(&config.registry_url).context("VENDZZ_REGISTRY_URL")?;
    let tables = Tables::follow(&config.kafka, Tables::CHECK_EVERY, drain.clone())?;
    let shard = rand::random_range(0..TALLY_SHARDS) as i16;
    let store = LedgerStore::new(&config.postgres, config.channel, group_of(config.channel), shard);
    let prepared = tokio::select! {
        prepared = prepare(&config, &store, &tables, &service) => prepared?,
        () = drain.cancelled() => return Ok(()),
    };
    let Some(publisher) = prepared else { return Ok(()) };

    let known: Vec<(String, String)> = config
        .senders
        .pools()
        .filter(|(_, channel, _, _)| *channel == config.channel)
        .map(|(account_id, _, pool, _)| (account_id.to_owned(), pool.to_owned()))
        .collect();
    let backlog = Arc::new(Backlog::new(config.backlog, known.len()));
    let slots = Arc::new(Semaphore::new(config.in_flight));
    let (answers, answered) = mpsc::channel(config.in_flight);
    let news = Arc::new(Notify::new());
    let caller = Caller {
        channel: config.channel,
        pools: Arc::new(pools),
        public_url: config.public_url.clone(),
        unsubscribe_key: config.unsubscribe_key.clone(),
        call_timeout: config.call_timeout,
        call_before: config.lease - config.call_timeout - config.postgres.statement,
    };
    let worker =
        Worker { store: store.clone(), caller: Arc::new(caller), slots, lease: config.lease, answers };
    let retry = RetryPolicy { base: config.retry_base, ..RetryPolicy::default() };
    let permissions = Permissions::new(&config.postgres, group_of(config.channel));
    let completion = Completion { store: store.clone(), permissions, retry, answered, news: news.clone() };

    let mut tasks = JoinSet::new();
    // Ends when the worker has ended and every call is answered.
    tasks.spawn(completion.run());
    tasks.spawn(send_loop(worker, config.poll_every, drain.clone()));
    tasks.spawn(sweep_loop(store.clone(), config.sweep_every, drain.clone()));
    tasks.spawn(count_loop(store.clone(), known, backlog.clone(), drain.clone()));
    let publishing = CancellationToken::new();
    let publish = tokio::spawn(publish_loop(publisher, news, publishing.clone()));
    let intake = IntakeProjection {
        namespace: config.kafka.namespace.clone(),
        channel: config.channel,
        store: store.rows().clone(),
        schema_ids: tables.schema_ids,
        registry,
        backlog,
    };
    let intake = kernel::run(config.kernel, &config.kafka, tables.epochs, intake, service).await;
    // Whatever ended it, nothing new is begun.
    drain.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task of the sender panicked")?;
    }
    // What the last calls came to is told too.
    publishing.cancel();
    publish.await.context("the publisher panicked")?;
    intake
}

/// Waits for everything that must be there before the first lease; `None` when the drain came first.
async fn prepare(
    config: &SenderConfig,
    store: &LedgerStore,
    tables: &Tables,
    service: &Service,
) -> anyhow::Result<Option<Publisher>> {
    let health = &service.health;
    let tables_latch = Tables::latch(health);
    let postgres_latch = health.latch("postgres", "the tables are not prepared");
    let projection_latch = health.latch("projection", NO_PROJECTION);
    if config.profile == Profile::Production {
        let durability_latch = health.latch("durability", "the topic has not been looked at");
        require_durability(&durability_latch, &config.kafka, &[CAMPAIGN_DELIVERY]).await;
    }
    if !when_up(|| permissions::prepare(&config.postgres), &postgres_latch, &service.drain).await? {
        return Ok(None);
    }
    tables.caught_up().await;
    let topic = config.kafka.name(CAMPAIGN_DELIVERY);
    let encoder = tables.schema_ids.encoder_when_registered(&topic, &tables_latch).await;
    when_made(|| store.has_projection(), &projection_latch, NO_PROJECTION).await;
    let producer = Producer::new(&config.kafka, &config.producer()).context("the producer")?;
    // Without a broker the first batch says so.
    let _ = producer.warm(&topic, WARM).await;
    let epochs = tables.epochs.clone();
    Ok(Some(Publisher { store: store.clone(), producer, epochs, encoder, topic }))
}

async fn send_loop(worker: Worker, poll_every: Duration, drain: CancellationToken) {
    let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
    let mut late_looked_at = tokio::time::Instant::now();
    while !drain.is_cancelled() {
        let next_at = tokio::time::Instant::now() + PACE;
        let round = async {
            let mut taken = worker.round(&drain).await?;
            if late_looked_at.elapsed() >= LATE_EVERY {
                late_looked_at = tokio::time::Instant::now();
                taken += worker.round_of_late_rows().await?;
            }
            anyhow::Ok(taken)
        };
        let wait = match round.await {
            Ok(taken) => {
                backoff.reset();
                if taken == 0 { poll_every } else { Duration::ZERO }
            }
            Err(error) => {
                let again_in = backoff.next_wait();
                RoundFailed { what: "send", error: &error, again_in }.emit();
                again_in
            }
        };
        let slots_and_pace = async {
            tokio::time::sleep(wait).await;
            tokio::time::sleep_until(next_at).await;
            // Slots must be free before there is anything to look for.
            worker.a_slot().await;
        };
        tokio::select! {
            () = slots_and_pace => {}
            () = drain.cancelled() => {}
        }
    }
}

async fn sweep_loop(store: LedgerStore, every: Duration, drain: CancellationToken) {
    while !drain.is_cancelled() {
        if let Err(error) = sweep(&store).await {
            RoundFailed { what: "sweep", error: &error.into(), again_in: every }.emit();
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = drain.cancelled() => {}
        }
    }
}

async fn count_loop(
    store: LedgerStore,
    pools: Vec<(String, String)>,
    backlog: Arc<Backlog>,
    drain: CancellationToken,
) {
    let share = backlog.share().min(i64::MAX as u64) as i64;
    while !drain.is_cancelled() {
        match store.due(&pools, share).await {
            Ok(due) => {
                backlog.is_now(due.cast_unsigned());
                let labels = [("channel", store.channel().name())];
                MetricName::LedgerDue.gauge_of(&labels).set(due as f64);
            }
            Err(error) => RoundFailed { what: "count", error: &error.into(), again_in: COUNT_EVERY }.emit(),
        }
        tokio::select! {
            () = tokio::time::sleep(COUNT_EVERY) => {}
            () = drain.cancelled() => {}
        }
    }
}

async fn news_gathered(news: &Notify) {
    news.notified().await;
    tokio::time::sleep(GATHER_EVENTS).await;
}

/// Publishes until it is told to end, and once more then.
async fn publish_loop(publisher: Publisher, news: Arc<Notify>, end: CancellationToken) {
    let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
    loop {
        let is_last = end.is_cancelled();
        let wait = match publisher.publish().await {
            Ok(true) => Duration::ZERO,
            Ok(false) if is_last => return,
            Ok(false) => {
                backoff.reset();
                PUBLISH_EVERY
            }
            Err(error) => {
                let again_in = backoff.next_wait();
                RoundFailed { what: "publish", error: &error, again_in }.emit();
                if is_last {
                    return;
                }
                again_in
            }
        };
        publisher.producer.report();
        if wait.is_zero() {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = news_gathered(&news) => {}
            () = end.cancelled() => {}
        }
    }
}
