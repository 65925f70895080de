//! The Kafka cluster as an operator's command needs it: what topics there are and what stands in
//! them. Calls block; a command does one thing at a time.

mod admin;
mod reading;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use vendzz_runtime::kafka::{KafkaConfig, Producer, ProducerSettings, watermarks};

pub(crate) use admin::{NewTopicSettings, TopicSetting};
pub(crate) use reading::StoredRecord;

use crate::exit::Away;

const CALL: Duration = Duration::from_secs(8);
/// Between two questions to a partition that has no leader yet.
const LEADER_PAUSE: Duration = Duration::from_millis(200);

/// One partition as the cluster's metadata has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartitionState {
    pub(crate) id: i32,
    /// `None`: no broker leads it at this moment.
    pub(crate) leader: Option<i32>,
    pub(crate) replicas: usize,
    pub(crate) in_sync: usize,
}

pub(crate) struct Cluster {
    config: KafkaConfig,
    consumer: BaseConsumer,
    admin: AdminClient<DefaultClientContext>,
}

impl Cluster {
    /// Fails at once when no broker answers.
    pub(crate) fn connect(config: &KafkaConfig) -> anyhow::Result<Self> {
        let consumer: BaseConsumer =
            config.reader("cli").create().context("the Kafka client cannot be made")?;
        let admin = config.client("cli-admin").create().context("the Kafka client cannot be made")?;
        let cluster = Self { config: config.clone(), consumer, admin };
        cluster.topics()?;
        Ok(cluster)
    }

    pub(crate) fn config(&self) -> &KafkaConfig {
        &self.config
    }

    /// Every topic of the cluster, by its real name.
    pub(crate) fn topics(&self) -> anyhow::Result<BTreeMap<String, Vec<PartitionState>>> {
        let metadata = self.consumer.fetch_metadata(None, CALL).map_err(|error| self.failed(error))?;
        let mut topics = BTreeMap::new();
        for topic in metadata.topics() {
            let mut partitions: Vec<PartitionState> = topic
                .partitions()
                .iter()
                .map(|partition| PartitionState {
                    id: partition.id(),
                    leader: Some(partition.leader()).filter(|broker| *broker >= 0),
                    replicas: partition.replicas().len(),
                    in_sync: partition.isr().len(),
                })
                .collect();
            partitions.sort_by_key(|partition| partition.id);
            topics.insert(topic.name().to_owned(), partitions);
        }
        Ok(topics)
    }

    /// Low and high watermark: the first offset that is kept, and the one that comes next.
    pub(crate) fn watermarks(&self, topic: &str, partition: i32) -> anyhow::Result<(i64, i64)> {
        let deadline = Instant::now() + CALL;
        loop {
            match watermarks(&self.consumer, topic, partition, CALL) {
                // A broker that has just started leads its partitions one after the other.
                Err(error) if is_between_leaders(&error) && Instant::now() < deadline => {
                    std::thread::sleep(LEADER_PAUSE);
                    self.consumer.fetch_metadata(Some(topic), CALL).map_err(|error| self.failed(error))?;
                }
                outcome => {
                    return outcome.map_err(|error| {
                        self.failed(error).context(format!("the ends of {topic}/{partition}"))
                    });
                }
            }
        }
    }

    /// A producer for the few records that a command writes.
    pub(crate) fn producer(&self) -> anyhow::Result<Producer> {
        let settings = ProducerSettings {
            name: "cli",
            linger: Duration::ZERO,
            queue_records: 1_000,
            queue_kbytes: 10_240,
            message_timeout: CALL,
        };
        Producer::new(&self.config, &settings).context("the Kafka producer cannot be made")
    }

    /// Whether an error means that no broker answers.
    pub(crate) fn is_silent(&self, error: &KafkaError) -> bool {
        use RDKafkaErrorCode as Code;
        matches!(
            error.rdkafka_error_code(),
            Some(
                Code::BrokerTransportFailure
                    | Code::AllBrokersDown
                    | Code::OperationTimedOut
                    | Code::RequestTimedOut
                    | Code::Resolve
                    | Code::Authentication
                    | Code::SSL
            )
        )
    }

    /// An error of Kafka, with exit status 69 when no broker answers.
    pub(crate) fn failed(&self, error: KafkaError) -> anyhow::Error {
        if !self.is_silent(&error) {
            return anyhow!(error);
        }
        Away {
            part: "Kafka",
            address: self.config.bootstrap.clone(),
            detail: error.to_string(),
            advice: "start it (`make up` starts the local one), or set VENDZZ_KAFKA_BOOTSTRAP",
        }
        .into()
    }
}

fn is_between_leaders(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(error.rdkafka_error_code(), Some(Code::NotLeaderForPartition | Code::LeaderNotAvailable))
}
