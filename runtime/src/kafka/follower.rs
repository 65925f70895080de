use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::KafkaConfig;
use super::ends::Ends;
use super::rebootstrap::Rebootstrap;
use super::watermarks::{Watermark, watermark};

const POLL: Duration = Duration::from_millis(100);
const CALL: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(500);

/// One record of a followed topic.
#[derive(Debug)]
pub struct TableRecord<'a> {
    pub partition: i32,
    pub offset: i64,
    /// Append time, milliseconds since 1970 (UTC).
    pub append_ms: i64,
    pub key: &'a [u8],
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
}

/// Reads a small topic whole, from its start to its end and on, without a consumer group, on a
/// thread of its own; each record goes to one callback, in the order of each partition.
#[derive(Clone)]
pub struct Follower {
    topic: String,
    caught_up: watch::Receiver<bool>,
    in_step: Arc<Mutex<Option<Instant>>>,
    progress: watch::Receiver<Positions>,
    ends: Arc<Ends>,
}

/// The offset after the last one applied, by partition; empty before the first connection.
type Positions = BTreeMap<i32, i64>;

/// The topic's end was not reached in time, or could not even be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic} was not read to its end: {reason}")]
pub struct NotAtEnd {
    pub topic: String,
    pub reason: String,
}

impl Follower {
    /// `check_every`: how often the position is compared with the topic's end ([`Follower::in_step_age`]).
    /// While Kafka or the topic is away it tries again for ever.
    pub fn start(
        kafka: &KafkaConfig,
        topic: String,
        check_every: Duration,
        drain: CancellationToken,
        on_record: impl FnMut(TableRecord<'_>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (caught_up_sender, caught_up) = watch::channel(false);
        let in_step = Arc::new(Mutex::new(None));
        let (progress_sender, progress) = watch::channel(Positions::default());
        let config = kafka.reader(&topic);
        let ends = Arc::new(Ends::new(config.clone(), topic.clone()));
        let follower = Self { topic: topic.clone(), caught_up, in_step: in_step.clone(), progress, ends };
        let reading = Reading {
            config,
            topic: topic.clone(),
            check_every,
            drain,
            caught_up: caught_up_sender,
            in_step,
            progress: progress_sender,
            on_record,
        };
        std::thread::Builder::new().name(format!("follow-{topic}")).spawn(move || reading.run())?;
        Ok(follower)
    }

    /// Waits until the topic was once read to its end.
    pub async fn caught_up(&self) {
        // An error means that the thread ended, which it does only when draining.
        let _ = self.caught_up.clone().wait_for(|done| *done).await;
    }

    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// Time since everything up to the topic's end was known to be applied; `None`: never yet.
    pub fn in_step_age(&self) -> Option<Duration> {
        self.in_step.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// Waits until everything that stood in the topic at the time of this call has been applied.
    pub async fn read_to_end(&self, timeout: Duration) -> Result<(), NotAtEnd> {
        let not_at_end = |reason: String| NotAtEnd { topic: self.topic.clone(), reason };
        let reading = async {
            let ends = self.ends(timeout).await.map_err(not_at_end)?;
            self.wait_for(|next| ends.iter().all(|(partition, end)| next.get(partition) >= Some(end))).await;
            Ok(())
        };
        match tokio::time::timeout(timeout, reading).await {
            Ok(outcome) => outcome,
            Err(_) => Err(not_at_end(format!("it took longer than {} ms", timeout.as_millis()))),
        }
    }

    /// Waits until the record at this offset has been applied.
    pub async fn applied(&self, partition: i32, offset: i64) {
        self.wait_for(|next| next.get(&partition) > Some(&offset)).await;
    }

    async fn wait_for(&self, mut reached: impl FnMut(&Positions) -> bool) {
        // An error means that the thread ended, which it does only when draining.
        if self.progress.clone().wait_for(|next| reached(next)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The high watermark of each partition, as the brokers say it now.
    async fn ends(&self, timeout: Duration) -> Result<BTreeMap<i32, i64>, String> {
        self.wait_for(|next| !next.is_empty()).await;
        let partitions: Vec<i32> = self.progress.borrow().keys().copied().collect();
        let ends = self.ends.clone();
        match tokio::task::spawn_blocking(move || ends.of(&partitions, timeout)).await {
            Ok(asked) => asked.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub fn topic(&self) -> &str {
        &self.topic
    }
}

struct Reading<F> {
    config: rdkafka::ClientConfig,
    topic: String,
    check_every: Duration,
    drain: CancellationToken,
    caught_up: watch::Sender<bool>,
    in_step: Arc<Mutex<Option<Instant>>>,
    progress: watch::Sender<Positions>,
    on_record: F,
}

impl<F: FnMut(TableRecord<'_>)> Reading<F> {
    fn run(mut self) {
        while !self.drain.is_cancelled() {
            if let Err(error) = self.follow() {
                tracing::warn!(
                    topic = self.topic,
                    error = format!("{error:#}"),
                    "cannot follow the topic; trying again"
                );
                std::thread::sleep(RETRY);
            }
        }
    }

    fn follow(&mut self) -> anyhow::Result<()> {
        let consumer: BaseConsumer<FollowerContext> =
            self.config.create_with_context(FollowerContext).context("cannot make a consumer")?;
        let next = self.start_positions(&consumer)?;
        let mut assignment = TopicPartitionList::new();
        for (partition, offset) in &next {
            assignment.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))?;
        }
        consumer.assign(&assignment).context("cannot assign")?;
        self.progress.send_replace(next);
        let mut next_check = Instant::now();
        let mut rebootstrap = Rebootstrap::new(&self.config);
        while !self.drain.is_cancelled() {
            rebootstrap.attend(consumer.client());
            if Instant::now() >= next_check {
                next_check = Instant::now() + self.check_every;
                // What the answer says was true when it was asked for, not when it came.
                let asked_at = Instant::now();
                if self.is_in_step(&consumer) {
                    *self.in_step.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked_at);
                    self.caught_up.send_replace(true);
                }
            }
            match consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    (self.on_record)(TableRecord {
                        partition: message.partition(),
                        offset: message.offset(),
                        append_ms: message.timestamp().to_millis().unwrap_or(0),
                        key: message.key().unwrap_or_default(),
                        value: message.payload(),
                    });
                    self.advance(message.partition(), message.offset() + 1);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    // Compaction and aborted batches leave gaps, so the end is what the consumer says.
                    let position = consumer.position()?;
                    let at = position.find_partition(&self.topic, partition).map(|element| element.offset());
                    if let Some(Offset::Offset(offset)) = at {
                        self.advance(partition, offset);
                    }
                    if !*self.caught_up.borrow() {
                        next_check = Instant::now();
                    }
                }
                Some(Err(error)) if is_passing(&error) => {}
                Some(Err(error)) => return Err(anyhow!(error).context("cannot read")),
            }
        }
        Ok(())
    }

    fn start_positions(&self, consumer: &BaseConsumer<FollowerContext>) -> anyhow::Result<Positions> {
        let metadata = consumer.fetch_metadata(Some(&self.topic), CALL).context("cannot reach Kafka")?;
        let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(anyhow!("the topic does not exist; `vendzz topics apply` makes it"));
        }
        let mut positions = BTreeMap::new();
        for partition in partitions {
            let low = watermark(consumer, &self.topic, partition.id(), Watermark::Low, CALL)?;
            positions.insert(partition.id(), low);
        }
        Ok(positions)
    }

    fn advance(&self, partition: i32, next_offset: i64) {
        self.progress.send_modify(|next| {
            next.insert(partition, next_offset);
        });
    }

    fn is_in_step(&self, consumer: &BaseConsumer<FollowerContext>) -> bool {
        let next = self.progress.borrow().clone();
        next.iter().all(|(partition, offset)| {
            watermark(consumer, &self.topic, *partition, Watermark::High, CALL)
                .is_ok_and(|high| *offset >= high)
        })
    }
}

struct FollowerContext;

impl ClientContext for FollowerContext {
    fn error(&self, error: KafkaError, reason: &str) {
        // It also comes out of `poll`, and is no error here.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::PartitionEOF) {
            tracing::warn!(%error, reason, "librdkafka");
        }
    }
}

impl ConsumerContext for FollowerContext {}

/// What librdkafka mends by itself; the follower's age shows how long it takes.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::Resolve
        )
    )
}
