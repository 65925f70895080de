//! The log, read with a consumer of our own: assigned by hand, from one offset to another.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use uuid::Uuid;
use vendzz_schemas::topics::{self, Namespace};

use super::TopicOffsets;
use super::avro::{Fields, ValueReader};
use super::content::{ResponseContent, without_empty};
use crate::installation::Installation;

const CLUSTER_TIMEOUT: Duration = Duration::from_secs(10);
const LEADER_AGAIN: Duration = Duration::from_millis(200);
/// Without a record for so long, reading a range that has an end is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// What stands in the log between two moments, by quiz.
#[derive(Debug, Clone, Default)]
pub struct LogContents {
    pub quizzes: BTreeMap<String, LoggedQuiz>,
    /// Records that cannot be read, by topic/partition/offset and why.
    pub unreadable: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct LoggedQuiz {
    /// The first copy of each response.
    pub responses: HashMap<Uuid, LoggedResponse>,
    /// Further copies of the same responses.
    pub further_copies: u64,
    /// Ids whose copies stand in more than one partition.
    pub scattered: Vec<Uuid>,
    /// How often each visitor's view stands there.
    pub visitors: HashMap<Uuid, u64>,
    pub views_by_partition: BTreeMap<i32, u64>,
    /// How often each beacon stands there, by [`crate::traffic::beacon_id`].
    pub beacons: HashMap<Uuid, u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedResponse {
    pub partition: i32,
    pub is_bot: bool,
    /// [`ResponseContent::fingerprint`].
    pub fingerprint: u64,
}

/// Reads topics of one installation.
#[derive(Debug, Clone)]
pub struct LogReader {
    bootstrap: String,
    names: Namespace,
    registry_url: String,
}

impl LogReader {
    pub fn new(installation: &Installation) -> Self {
        Self {
            bootstrap: installation.kafka_bootstrap.clone(),
            names: installation.kafka_names.clone(),
            registry_url: installation.registry_url.clone(),
        }
    }

    /// The present end of each partition of these topics (names without prefix).
    pub async fn end_offsets(&self, topics: &'static [&'static str]) -> anyhow::Result<TopicOffsets> {
        let reader = self.clone();
        tokio::task::spawn_blocking(move || {
            let consumer = reader.consumer()?;
            let mut offsets = TopicOffsets::default();
            for topic in topics {
                let of_topic = offsets.0.entry((*topic).to_owned()).or_default();
                for (partition, _, high) in reader.watermarks(&consumer, topic)? {
                    of_topic.insert(partition, high);
                }
            }
            Ok(offsets)
        })
        .await?
    }

    /// The incarnation of each topic (real name), as `topic.epoch.v1` says it last.
    pub async fn incarnations(&self) -> anyhow::Result<HashMap<String, String>> {
        let reader = self.clone();
        tokio::task::spawn_blocking(move || {
            let consumer = reader.consumer()?;
            let mut incarnations = HashMap::new();
            let mut take = |_: &Position, fields: Fields| {
                incarnations.insert(fields.text("topic")?.to_owned(), fields.text("incarnation")?.to_owned());
                Ok(())
            };
            for (partition, low, high) in reader.watermarks(&consumer, topics::TOPIC_EPOCH)? {
                let unreadable =
                    reader.read_range(&consumer, topics::TOPIC_EPOCH, partition, low..high, &mut take)?;
                anyhow::ensure!(unreadable.is_empty(), "unreadable: {}", unreadable.join(", "));
            }
            Ok(incarnations)
        })
        .await?
    }

    /// The offsets that a consumer group has committed, of every partition that has one.
    pub(crate) fn committed(&self, group: &str, topics: &[&str]) -> anyhow::Result<TopicOffsets> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            // Asked, never joined.
            .set("group.id", self.names.name(group))
            .set("enable.auto.commit", "false")
            .create()?;
        let mut asked = TopicPartitionList::new();
        for topic in topics {
            for (partition, _, _) in self.watermarks(&consumer, topic)? {
                asked.add_partition(&self.names.name(topic), partition);
            }
        }
        let answer = consumer.committed_offsets(asked, CLUSTER_TIMEOUT)?;
        let mut committed = TopicOffsets::default();
        for element in answer.elements() {
            let (Some(topic), Some(offset)) = (self.names.base(element.topic()), element.offset().to_raw())
            else {
                continue;
            };
            if offset >= 0 {
                committed.0.entry(topic.to_owned()).or_default().insert(element.partition(), offset);
            }
        }
        Ok(committed)
    }

    /// Everything that was appended to the counted topics between two moments.
    pub async fn read(&self, begins: &TopicOffsets, ends: &TopicOffsets) -> anyhow::Result<LogContents> {
        let (reader, begins, ends) = (self.clone(), begins.clone(), ends.clone());
        tokio::task::spawn_blocking(move || reader.read_blocking(&begins, &ends)).await?
    }

    fn read_blocking(&self, begins: &TopicOffsets, ends: &TopicOffsets) -> anyhow::Result<LogContents> {
        let consumer = self.consumer()?;
        let mut contents = LogContents::default();
        for (topic, partition, end) in ends.iter() {
            let mut take = |position: &Position, fields: Fields| {
                let quiz = contents.quizzes.entry(fields.text("quiz_id")?.to_owned()).or_default();
                match topic {
                    topics::QUIZ_VIEW => quiz.take_view(position, &fields),
                    topics::QUIZ_PROGRESS => quiz.take_beacon(&fields),
                    _ => quiz.take_submission(position, &fields),
                }
            };
            let range = begins.get(topic, partition)..end;
            let unreadable = self.read_range(&consumer, topic, partition, range, &mut take)?;
            contents.unreadable.extend(unreadable);
        }
        Ok(contents)
    }

    /// Hands over each record of a range, and returns those that cannot be read.
    pub(crate) fn read_range(
        &self,
        consumer: &BaseConsumer,
        topic: &str,
        partition: i32,
        range: std::ops::Range<i64>,
        take: &mut impl FnMut(&Position, Fields) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<String>> {
        let mut unreadable = Vec::new();
        if range.is_empty() {
            return Ok(unreadable);
        }
        let name = self.names.name(topic);
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&name, partition, Offset::Offset(range.start))?;
        consumer.assign(&assignment)?;
        let runtime = tokio::runtime::Handle::current();
        let mut values = ValueReader::new(&self.registry_url);
        let mut heard_last = Instant::now();
        loop {
            let Some(message) = consumer.poll(Duration::from_millis(100)) else {
                anyhow::ensure!(
                    heard_last.elapsed() < SILENCE,
                    "{name}/{partition} falls silent before offset {}",
                    range.end
                );
                continue;
            };
            let message = message.with_context(|| format!("reading {name}/{partition}"))?;
            heard_last = Instant::now();
            let position = Position::of(&message);
            if position.offset >= range.end {
                return Ok(unreadable);
            }
            if let Some(payload) = message.payload() {
                let read = runtime.block_on(values.read(payload)).and_then(|fields| take(&position, fields));
                if let Err(error) = read {
                    unreadable.push(format!("{name}/{partition}/{}: {error:#}", position.offset));
                }
            }
            if position.offset + 1 >= range.end {
                return Ok(unreadable);
            }
        }
    }

    pub(crate) fn consumer(&self) -> anyhow::Result<BaseConsumer> {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", "vendzz-reckoner")
            // Never joined: assigned by hand, and nothing is committed.
            .set("group.id", self.names.name("reckoner"))
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error")
            .create()?;
        Ok(consumer)
    }

    /// Partition, low and high watermark of each partition.
    pub(crate) fn watermarks(
        &self,
        consumer: &BaseConsumer,
        topic: &str,
    ) -> anyhow::Result<Vec<(i32, i64, i64)>> {
        let name = self.names.name(topic);
        let metadata = consumer
            .fetch_metadata(Some(&name), CLUSTER_TIMEOUT)
            .with_context(|| format!("Kafka at {} does not answer", self.bootstrap))?;
        let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
        anyhow::ensure!(!partitions.is_empty(), "there is no topic {name}: `vendzz topics apply` makes it");
        let mut watermarks = Vec::new();
        for partition in partitions {
            let low = end_of(consumer, &name, partition.id(), Offset::Beginning)?;
            watermarks.push((partition.id(), low, end_of(consumer, &name, partition.id(), Offset::End)?));
        }
        Ok(watermarks)
    }
}

/// One question at a time: asked for both, the client takes a refused one for an empty partition. Blocks.
fn end_of(consumer: &BaseConsumer, name: &str, partition: i32, end: Offset) -> anyhow::Result<i64> {
    let until = Instant::now() + CLUSTER_TIMEOUT;
    loop {
        match asked_end(consumer, name, partition, end) {
            Err(error) if is_of_a_new_leader(&error) && Instant::now() < until => {
                std::thread::sleep(LEADER_AGAIN)
            }
            answer => return answer?.filter(|offset| *offset >= 0).context("Kafka names no offset"),
        }
    }
}

fn asked_end(consumer: &BaseConsumer, name: &str, partition: i32, end: Offset) -> KafkaResult<Option<i64>> {
    let mut asked = TopicPartitionList::new();
    asked.add_partition_offset(name, partition, end)?;
    let answer = consumer.offsets_for_times(asked, CLUSTER_TIMEOUT)?;
    let Some(element) = answer.find_partition(name, partition) else { return Ok(None) };
    element.error()?;
    Ok(element.offset().to_raw())
}

/// A broker that has just started may name an epoch of a partition which it does not yet lead by.
fn is_of_a_new_leader(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{
        FencedLeaderEpoch, LeaderNotAvailable, NotLeaderForPartition, UnknownLeaderEpoch,
    };
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| {
        [FencedLeaderEpoch, LeaderNotAvailable, NotLeaderForPartition, UnknownLeaderEpoch].contains(&code)
    })
}

/// Where a record stands, and under which key.
pub(crate) struct Position {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Milliseconds since 1970 (UTC).
    pub(crate) append_ms: i64,
    pub(crate) key: String,
}

impl Position {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        Self {
            partition: message.partition(),
            offset: message.offset(),
            append_ms: message.timestamp().to_millis().unwrap_or_default(),
            key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
        }
    }
}

impl LoggedQuiz {
    fn take_view(&mut self, position: &Position, fields: &Fields) -> anyhow::Result<()> {
        let visitor = fields.text("visitor_id")?.parse()?;
        *self.visitors.entry(visitor).or_default() += 1;
        *self.views_by_partition.entry(position.partition).or_default() += 1;
        Ok(())
    }

    fn take_beacon(&mut self, fields: &Fields) -> anyhow::Result<()> {
        let response: Uuid = fields.text("response_id")?.parse()?;
        let id = crate::traffic::beacon_id(response, fields.long("sequence")?);
        *self.beacons.entry(id).or_default() += 1;
        Ok(())
    }

    fn take_submission(&mut self, position: &Position, fields: &Fields) -> anyhow::Result<()> {
        let id: Uuid = fields.text("response_id")?.parse()?;
        if let Some(first) = self.responses.get(&id) {
            self.further_copies += 1;
            if first.partition != position.partition {
                self.scattered.push(id);
            }
            return Ok(());
        }
        let content = ResponseContent {
            version: fields.long("version")?,
            answers: fields.json("answers")?,
            hidden: fields.json("hidden")?,
            utm: without_empty(fields.texts("utm")?),
            device: fields.text("device")?.to_owned(),
            country: fields.text("country")?.to_owned(),
            bot_verdict: fields.text("bot_verdict")?.to_owned(),
        };
        let response = LoggedResponse {
            partition: position.partition,
            is_bot: content.bot_verdict == "bot",
            fingerprint: content.fingerprint(),
        };
        self.responses.insert(id, response);
        Ok(())
    }
}
