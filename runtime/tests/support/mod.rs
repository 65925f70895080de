//! A topic of its own on the real broker, a store in memory that behaves as a database would
//! (rows and resume point change together, by compare-and-set), and members of a group.
#![allow(dead_code)] // Each test binary uses a part of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::health::Health;
use vendzz_runtime::kafka::{KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_runtime::kernel::{
    self, Applied, Batch, Fold, FoldError, KernelConfig, OpenError, Opened, Poison, Projection, Record,
    ResumePoint, Source,
};
use vendzz_runtime::service::Service;
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::events::{Epoch, TopicEpochs};
use vendzz_schemas::topics;

pub(crate) const PARTITIONS: i32 = 4;
pub(crate) const POISON: &[u8] = b"poison";

pub(crate) fn bootstrap() -> String {
    std::env::var("VENDZZ_KAFKA_BOOTSTRAP").unwrap_or_else(|_| "127.0.0.1:19092".to_owned())
}

/// A namespace of one test, with the topic for submissions and the one for dead letters.
pub(crate) struct Log {
    pub(crate) kafka: KafkaConfig,
    pub(crate) topic: String,
    pub(crate) epochs: Epochs,
    producer: Producer,
    admin: AdminClient<DefaultClientContext>,
}

impl Log {
    pub(crate) async fn new(test: &str) -> Self {
        // `RUST_LOG=info cargo test …` shows what the kernel did; a second test finds it started.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        drop(tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init());
        let prefix = format!("test-{test}-{}.", uuid::Uuid::new_v4().simple());
        let kafka = KafkaConfig::local(&bootstrap(), &prefix);
        let settings = ProducerSettings {
            name: "test",
            linger: Duration::from_millis(2),
            queue_records: 100_000,
            queue_kbytes: 64 << 10,
            message_timeout: Duration::from_secs(60),
        };
        let log = Self {
            topic: kafka.name(topics::QUIZ_SUBMISSION),
            epochs: Epochs::default(),
            producer: Producer::new(&kafka, &settings).unwrap(),
            admin: kafka.client("test").create().unwrap(),
            kafka,
        };
        log.create_topic("first").await;
        log.make(&log.kafka.name(topics::DLQ_STATE), 1).await;
        log
    }

    pub(crate) async fn create_topic(&self, incarnation: &str) {
        self.make(&self.topic, PARTITIONS).await;
        let epoch = Epoch { number: 0, begins_at: 0, partitions: PARTITIONS, salt: 2 };
        let list = TopicEpochs {
            topic: self.topic.clone(),
            incarnation: incarnation.to_owned(),
            epochs: vec![epoch],
        };
        self.epochs.apply(list).unwrap();
    }

    pub(crate) async fn make(&self, name: &str, partitions: i32) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1))
                .set("message.timestamp.type", "LogAppendTime");
            let made = self.admin.create_topics(&[topic], &AdminOptions::new()).await.unwrap().remove(0);
            if made.is_ok() {
                break;
            }
            assert!(Instant::now() < deadline, "cannot create {name}: {made:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) async fn delete_topic(&self) {
        self.admin.delete_topics(&[&self.topic], &AdminOptions::new()).await.unwrap();
    }

    /// Appends `count` records to each partition, numbered from `first`.
    pub(crate) async fn append(&self, first: i64, count: i64) {
        let mut deliveries = Vec::new();
        for number in first..first + count {
            for partition in 0..PARTITIONS {
                deliveries.push(self.enqueue(partition, number.to_string().as_bytes()).await);
            }
        }
        for delivery in deliveries {
            delivery.await.unwrap();
        }
    }

    pub(crate) async fn append_one(&self, partition: i32, value: &[u8]) -> i64 {
        self.enqueue(partition, value).await.await.unwrap().offset
    }

    async fn enqueue(
        &self,
        partition: i32,
        value: &[u8],
    ) -> impl Future<Output = Result<vendzz_runtime::kafka::Delivered, vendzz_runtime::kafka::SendError>> + use<>
    {
        let record = OutgoingRecord {
            topic: &self.topic,
            partition,
            key: value,
            payload: Some(value),
            headers: &[("trace", b"t")],
        };
        loop {
            match self.producer.enqueue(&record) {
                Ok(delivery) => return delivery,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    pub(crate) fn config(&self, instance: &str) -> KernelConfig {
        KernelConfig {
            group: "project.state",
            topics: vec![topics::QUIZ_SUBMISSION],
            dead_letters: topics::DLQ_STATE,
            instance: Some(instance.to_owned()),
            session_timeout: Duration::from_secs(6),
            max_poll_interval: Duration::from_secs(30),
            batch_records: 50,
            batch_bytes: 1 << 20,
            batch_linger: Duration::from_millis(20),
            flush_every: Duration::from_millis(300),
            drain_deadline: Duration::from_secs(4),
            backoff_first: Duration::from_millis(20),
            backoff_longest: Duration::from_millis(200),
        }
    }
}

/// Rows of one source: offset and value in the order in which they became durable.
type Rows = Vec<(i64, Vec<u8>)>;

/// What survives the death of a member.
#[derive(Clone, Default)]
pub(crate) struct Store {
    sources: Arc<Mutex<BTreeMap<Source, (ResumePoint, Rows)>>>,
    pub(crate) opened: Arc<AtomicU64>,
    pub(crate) compare_and_set_lost: Arc<AtomicU64>,
}

impl Store {
    pub(crate) fn values(&self, log: &Log) -> BTreeMap<i32, Vec<String>> {
        let sources = self.sources.lock().unwrap();
        let of_log = sources.iter().filter(|(source, _)| source.topic == log.topic);
        of_log
            .map(|(source, (_, rows))| {
                let values =
                    rows.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
                (source.partition, values)
            })
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.sources.lock().unwrap().values().map(|(_, rows)| rows.len()).sum()
    }

    /// Waits until there are `count` rows, then says what each partition holds.
    pub(crate) async fn expect(&self, log: &Log, first: i64, count: i64) {
        let total = usize::try_from(count).unwrap() * usize::try_from(PARTITIONS).unwrap();
        let counts = || {
            self.values(log)
                .into_iter()
                .map(|(partition, values)| (partition, values.len()))
                .collect::<BTreeMap<_, _>>()
        };
        wait_until_or(&format!("{total} rows"), || self.count() >= total, || format!("{:?}", counts())).await;
        tokio::time::sleep(Duration::from_millis(500)).await; // What comes twice would come now.
        let expected: Vec<String> = (first..first + count).map(|number| number.to_string()).collect();
        for (partition, values) in self.values(log) {
            assert_eq!(values.len(), expected.len(), "rows of partition {partition}");
            assert!(values == expected, "partition {partition} is not exactly the log in its order");
        }
    }
}

pub(crate) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    wait_until_or(what, condition, String::new).await;
}

async fn wait_until_or(what: &str, condition: impl Fn() -> bool, found: impl Fn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited 60 s for {what} {}", found());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A projection that writes to a [`Store`].
#[derive(Clone)]
pub(crate) struct Collecting {
    pub(crate) store: Store,
    /// How long applying one batch takes.
    pub(crate) apply_takes: Duration,
    /// Rows stay in memory until a flush.
    pub(crate) buffered: bool,
    /// Every n-th apply fails once in passing.
    pub(crate) fails_every: u64,
}

impl Collecting {
    pub(crate) fn into(store: &Store) -> Self {
        Self { store: store.clone(), apply_takes: Duration::ZERO, buffered: false, fails_every: 0 }
    }
}

impl Projection for Collecting {
    type Fold = CollectingFold;

    async fn open(&self, source: &Source) -> Result<Opened<CollectingFold>, OpenError> {
        self.store.opened.fetch_add(1, Ordering::SeqCst);
        let resume = self.store.sources.lock().unwrap().get(source).map(|(point, _)| *point);
        let fold = CollectingFold {
            projection: self.clone(),
            source: source.clone(),
            known: resume,
            buffer: Vec::new(),
            buffered_through: None,
            calls: 0,
        };
        Ok(Opened { fold, resume, read_back: None })
    }
}

pub(crate) struct CollectingFold {
    projection: Collecting,
    source: Source,
    /// The resume point that the store is believed to hold.
    known: Option<ResumePoint>,
    buffer: Rows,
    buffered_through: Option<ResumePoint>,
    calls: u64,
}

impl CollectingFold {
    fn commit(&mut self, rows: Rows, through: ResumePoint) -> Result<(), FoldError> {
        let mut sources = self.projection.store.sources.lock().unwrap();
        let stored = sources.get(&self.source).map(|(point, _)| *point);
        if stored != self.known {
            self.projection.store.compare_and_set_lost.fetch_add(1, Ordering::SeqCst);
            return Err(FoldError::Reopen("compare-and-set found another resume point".to_owned()));
        }
        let entry = sources.entry(self.source.clone()).or_insert((through, Vec::new()));
        entry.0 = through;
        entry.1.extend(rows);
        self.known = Some(through);
        Ok(())
    }
}

fn row(record: &Record) -> (i64, Vec<u8>) {
    (record.offset, record.value.clone().unwrap_or_default())
}

impl Fold for CollectingFold {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        self.calls += 1;
        let fails_every = self.projection.fails_every;
        if fails_every > 0 && self.calls.is_multiple_of(fails_every) {
            return Err(FoldError::Retry { reason: "planted", source: anyhow::anyhow!("passing") });
        }
        let poisoned: Vec<Poison> = batch
            .records()
            .filter(|record| record.value.as_deref() == Some(POISON))
            .map(|record| Poison { offset: record.offset, reason: "planted", detail: "poison".to_owned() })
            .collect();
        if !poisoned.is_empty() {
            return Err(FoldError::Poison(poisoned));
        }
        tokio::time::sleep(self.projection.apply_takes).await;
        let rows: Rows = batch.records().map(row).collect();
        if self.projection.buffered {
            self.buffer.extend(rows);
            self.buffered_through = Some(batch.through);
            return Ok(Applied::Buffered);
        }
        self.commit(rows, batch.through)?;
        Ok(Applied::Durable)
    }

    async fn flush(&mut self) -> Result<(), FoldError> {
        let Some(through) = self.buffered_through.take() else { return Ok(()) };
        let rows = std::mem::take(&mut self.buffer);
        self.commit(rows, through)
    }
}

/// One member of the group, running.
pub(crate) struct Member {
    pub(crate) health: Health,
    drain: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Member {
    pub(crate) fn start<P: Projection>(log: &Log, config: KernelConfig, projection: P) -> Self {
        let service = Service { health: Health::default(), drain: CancellationToken::new() };
        let (kafka, epochs, running) = (log.kafka.clone(), log.epochs.clone(), service.clone());
        let task =
            tokio::spawn(async move { kernel::run(config, &kafka, epochs, projection, running).await });
        Self { health: service.health, drain: service.drain, task }
    }

    pub(crate) async fn stop(self) {
        self.drain.cancel();
        self.task.await.unwrap().unwrap();
    }

    pub(crate) async fn ready(&self) {
        wait_until("the member to be ready", || self.health.readiness().is_ready()).await;
    }
}
