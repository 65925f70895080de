use std::collections::BTreeMap;

use vendzz_runtime::tables::Epochs;
use vendzz_schemas::topics::CATALOGUE;

use crate::cluster::{Cluster, PartitionState, TopicSetting};
use crate::schemas::StoredSchemas;
use crate::topics::read_epochs;

/// What the cluster has of the catalogue's topics, by their real names.
pub(crate) struct ClusterState {
    pub(crate) topics: BTreeMap<String, TopicState>,
    pub(crate) epochs: Epochs,
    pub(crate) schemas: StoredSchemas,
}

/// One topic that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicState {
    pub(crate) partitions: Vec<PartitionState>,
    pub(crate) settings: BTreeMap<String, TopicSetting>,
    /// Low and high watermark of each partition; empty where a partition has no leader.
    pub(crate) watermarks: BTreeMap<i32, (i64, i64)>,
}

impl TopicState {
    /// Offsets between the ends, which for a compacted topic is more than its records.
    pub(crate) fn records(&self) -> i64 {
        self.watermarks.values().map(|(low, high)| high - low).sum()
    }

    /// Replicas of the partition that has the fewest.
    pub(crate) fn replicas(&self) -> usize {
        self.partitions.iter().map(|partition| partition.replicas).min().unwrap_or(0)
    }
}

impl ClusterState {
    pub(crate) async fn read(cluster: &Cluster) -> anyhow::Result<Self> {
        let schemas = StoredSchemas::read(cluster)?.unwrap_or_default();
        let epochs = read_epochs(cluster, &schemas)?;
        let existing = cluster.topics()?;
        let names: Vec<String> = CATALOGUE.iter().map(|topic| cluster.config().name(topic.name)).collect();
        let there: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| existing.contains_key(*name)).collect();
        let mut settings = cluster.settings(&there).await?;
        let mut topics = BTreeMap::new();
        for name in there {
            let Some(partitions) = existing.get(name) else { continue };
            let mut watermarks = BTreeMap::new();
            for partition in partitions.iter().filter(|partition| partition.leader.is_some()) {
                watermarks.insert(partition.id, cluster.watermarks(name, partition.id)?);
            }
            let settings = settings.remove(name).unwrap_or_default();
            topics
                .insert(name.to_owned(), TopicState { partitions: partitions.clone(), settings, watermarks });
        }
        Ok(Self { topics, epochs, schemas })
    }
}
