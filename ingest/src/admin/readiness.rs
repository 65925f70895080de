use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::{Health, Latch};
use vendzz_runtime::kafka::{KafkaConfig, require_durability};
use vendzz_runtime::tables::Tables;

use super::kind::Kind;
use super::lock::Locks;
use super::publisher::{Log, Publisher};

/// How often PostgreSQL is asked, and the age of the definitions looked at.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// How often a follower compares itself with the end of its topic.
pub(super) const IN_STEP_EVERY: Duration = Duration::from_secs(2);
/// Definitions that were not known to be complete for so long are not good enough to judge by.
const OUT_OF_STEP: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(1);
const WARM_TIMEOUT: Duration = Duration::from_secs(5);

/// What `/readyz` waits for, of one kind of what is published.
pub(super) struct Latches {
    schema: Latch,
    epochs: Latch,
    definitions: Latch,
    producer: Latch,
    /// In production alone.
    durability: Option<(Latch, KafkaConfig)>,
}

impl Latches {
    /// `production`: where the topic must be kept durably.
    pub(super) fn of<K: Kind>(health: &Health, production: Option<&KafkaConfig>) -> Self {
        let latch = |part: &str, reason: String| health.latch(format!("{}{part}", K::LATCH_PREFIX), reason);
        let unread = |topic: &str| format!("{topic} is not read to its end");
        Self {
            schema: latch("schema", unread("schema.id.v1")),
            epochs: latch("epochs", unread("topic.epoch.v1")),
            definitions: latch("definitions", unread(K::TOPIC)),
            producer: latch("producer", "not connected".to_owned()),
            durability: production.map(|kafka| {
                (latch("durability", "the topic's replication is not known".to_owned()), kafka.clone())
            }),
        }
    }
}

/// Brings every part of a kind up, in the order in which they need each other, and then watches over those
/// that may go away. Ends with `stop`.
pub(super) async fn watch<K: Kind>(
    publisher: Arc<Publisher<K>>,
    tables: Tables,
    latches: Latches,
    stop: CancellationToken,
) {
    let watching = async {
        tokio::join!(
            prepare(&publisher, &tables, &latches),
            watch_definitions(&publisher, &latches.definitions)
        );
    };
    tokio::select! {
        () = watching => {}
        () = stop.cancelled() => {}
    }
}

/// Asks PostgreSQL again and again whether it is there. Ends with `stop`.
pub(super) async fn watch_postgres(locks: Locks, latch: Latch, stop: CancellationToken) {
    let watching = async {
        loop {
            match locks.check().await {
                Ok(()) => latch.ready(),
                Err(error) => latch.missing(error.to_string()),
            }
            tokio::time::sleep(CHECK_EVERY).await;
        }
    };
    tokio::select! {
        () = watching => {}
        () = stop.cancelled() => {}
    }
}

async fn prepare<K: Kind>(publisher: &Publisher<K>, tables: &Tables, latches: &Latches) {
    let topic = publisher.follower.topic();
    tables.schema_ids_follower.caught_up().await;
    let encoder = tables.schema_ids.encoder_when_registered(topic, &latches.schema).await;

    tables.epochs_follower.caught_up().await;
    let (incarnation, partitions) = loop {
        // Versions are ordered by the offsets of one partition, so an id stays where the first epoch put it.
        let first = tables.epochs.get(topic).and_then(|epochs| {
            epochs.epochs.first().map(|first| (epochs.incarnation.clone(), first.partitions))
        });
        match first {
            Some(found) => break found,
            None => latches.epochs.missing(format!("{topic} has no epoch: run `vendzz topics apply`")),
        }
        tokio::time::sleep(RETRY).await;
    };
    latches.epochs.ready();

    while let Err(error) = publisher.producer.warm(topic, WARM_TIMEOUT).await {
        latches.producer.missing(error.to_string());
        tokio::time::sleep(RETRY).await;
    }
    latches.producer.ready();
    if let Some((latch, kafka)) = &latches.durability {
        require_durability(latch, kafka, &[K::TOPIC]).await;
    }
    // Nothing is published before all this is known.
    let _ = publisher.log.set(Log {
        topic: topic.to_owned(),
        incarnation: incarnation.clone(),
        partitions,
        encoder,
    });
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        publisher.producer.report();
        if tables.epochs.get(topic).is_none_or(|epochs| epochs.incarnation != incarnation) {
            latches.epochs.missing(format!("{topic} was made again: restart this service"));
        }
    }
}

async fn watch_definitions<K: Kind>(publisher: &Publisher<K>, latch: &Latch) {
    publisher.follower.caught_up().await;
    loop {
        match publisher.follower.in_step_age() {
            Some(age) if age < OUT_OF_STEP => latch.ready(),
            Some(_) => latch.missing(format!("{} has not been in step with Kafka for 10 s", K::TOPIC)),
            None => latch.missing(format!("{} is not read to its end", K::TOPIC)),
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}
