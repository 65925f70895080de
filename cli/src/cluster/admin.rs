use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use rdkafka::admin::{
    AdminOptions, AlterConfig, ConfigSource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::error::RDKafkaErrorCode;
use serde::Serialize;

use super::{CALL, Cluster};

/// How long the brokers may take to tell each other of a new topic.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicSetting {
    pub(crate) value: String,
    /// Set on the topic itself, not inherited from the broker.
    pub(crate) own: bool,
}

/// How a topic is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NewTopicSettings {
    pub(crate) partitions: i32,
    pub(crate) replicas: i32,
    pub(crate) settings: BTreeMap<&'static str, String>,
}

impl Cluster {
    /// The settings of topics that exist.
    pub(crate) async fn settings(
        &self,
        topics: &[&str],
    ) -> anyhow::Result<BTreeMap<String, BTreeMap<String, TopicSetting>>> {
        let resources: Vec<ResourceSpecifier<'_>> =
            topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
        if resources.is_empty() {
            return Ok(BTreeMap::new());
        }
        let described =
            self.admin.describe_configs(&resources, &options()).await.map_err(|error| self.failed(error))?;
        let mut settings = BTreeMap::new();
        for resource in described {
            let resource =
                resource.map_err(|code| anyhow!("the settings of a topic cannot be read: {code}"))?;
            let OwnedResourceSpecifier::Topic(topic) = resource.specifier else { continue };
            let of_topic = resource.entries.into_iter().filter_map(|entry| {
                let own = entry.source == ConfigSource::DynamicTopic;
                Some((entry.name, TopicSetting { value: entry.value?, own }))
            });
            settings.insert(topic, of_topic.collect());
        }
        Ok(settings)
    }

    /// Makes a topic and waits until every partition has a leader.
    pub(crate) async fn create_topic(&self, name: &str, new: &NewTopicSettings) -> anyhow::Result<()> {
        let mut topic = NewTopic::new(name, new.partitions, TopicReplication::Fixed(new.replicas));
        for (setting, value) in &new.settings {
            topic = topic.set(setting, value);
        }
        let results =
            self.admin.create_topics([&topic], &options()).await.map_err(|error| self.failed(error))?;
        for result in results {
            if let Err((_, code)) = result {
                return Err(refusal(name, code, new.replicas));
            }
        }
        self.wait_for_leaders(name, new.partitions).await
    }

    /// Sets the whole of a topic's own settings; what is not told here falls back to the broker's.
    pub(crate) async fn replace_settings(
        &self,
        topic: &str,
        settings: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let alteration = AlterConfig {
            specifier: ResourceSpecifier::Topic(topic),
            entries: settings
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect::<HashMap<_, _>>(),
        };
        let results =
            self.admin.alter_configs([&alteration], &options()).await.map_err(|error| self.failed(error))?;
        for result in results {
            result.map_err(|(_, code)| anyhow!("the broker refused the settings of {topic}: {code}"))?;
        }
        Ok(())
    }

    async fn wait_for_leaders(&self, topic: &str, partitions: i32) -> anyhow::Result<()> {
        let deadline = Instant::now() + VISIBLE_WITHIN;
        let wanted = usize::try_from(partitions).context("a negative number of partitions")?;
        while Instant::now() < deadline {
            let topics = self.topics()?;
            let leaders =
                topics.get(topic).into_iter().flatten().filter(|partition| partition.leader.is_some());
            if leaders.count() >= wanted {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "{topic} was made, but after {} s not all of its partitions have a leader",
            VISIBLE_WITHIN.as_secs()
        )
    }
}

fn refusal(topic: &str, code: RDKafkaErrorCode, replicas: i32) -> anyhow::Error {
    match code {
        RDKafkaErrorCode::InvalidReplicationFactor => anyhow!(
            "{topic} cannot be made with {replicas} replicas: the cluster has fewer brokers (VENDZZ_PROFILE says how many are wanted)"
        ),
        RDKafkaErrorCode::TopicAlreadyExists => {
            anyhow!("{topic} was made by somebody else in this moment; look at `vendzz topics plan` again")
        }
        other => anyhow!("the broker refused to make {topic}: {other}"),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(CALL)).operation_timeout(Some(CALL))
}
