use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, OwnedResourceSpecifier, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use super::KafkaConfig;
use crate::health::Latch;

/// Between two looks at topics that are not durable enough.
const AGAIN: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(5);

/// What a topic must have in production, so that what was acknowledged survives the loss of a broker.
const REPLICAS: usize = 3;
const IN_SYNC: i64 = 2;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum NotDurable {
    #[error("{topic}: {reason}")]
    TooLittle { topic: String, reason: String },
    #[error("the cluster does not say how it keeps its topics: {0}")]
    Unknown(String),
}

/// Returns once these topics (catalogue names) are kept as production asks; until then the latch says what is
/// missing. A service in production takes nothing into topics that can lose it.
pub async fn require_durability(latch: &Latch, kafka: &KafkaConfig, topics: &[&str]) {
    let topics: Vec<String> = topics.iter().map(|topic| kafka.name(topic)).collect();
    while let Err(error) = check_durability(kafka, &topics).await {
        latch.missing(error.to_string());
        tokio::time::sleep(AGAIN).await;
    }
    latch.ready();
}

/// Whether these topics (real names) are kept as production asks: three replicas of every partition, two
/// of them in sync before a write is acknowledged, and no leader that is not.
async fn check_durability(kafka: &KafkaConfig, topics: &[String]) -> Result<(), NotDurable> {
    let unknown = |error: rdkafka::error::KafkaError| NotDurable::Unknown(error.to_string());
    let admin: AdminClient<DefaultClientContext> = kafka.client("durability").create().map_err(unknown)?;
    let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT));
    let described = admin.describe_configs(&asked, &options).await.map_err(unknown)?;
    for config in described {
        let config = config.map_err(|code| NotDurable::Unknown(code.to_string()))?;
        let OwnedResourceSpecifier::Topic(topic) = &config.specifier else { continue };
        let value = |name: &str| config.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
        check_settings(topic, &value("min.insync.replicas"), &value("unclean.leader.election.enable"))?;
    }
    let topics = topics.to_vec();
    let replicated = tokio::task::spawn_blocking(move || check_replicas(&admin, &topics)).await;
    replicated.unwrap_or_else(|error| Err(NotDurable::Unknown(error.to_string())))
}

fn check_settings(topic: &str, in_sync: &str, unclean: &str) -> Result<(), NotDurable> {
    let too_little = |reason: String| NotDurable::TooLittle { topic: topic.to_owned(), reason };
    if !in_sync.parse::<i64>().is_ok_and(|in_sync| in_sync >= IN_SYNC) {
        return Err(too_little(format!("min.insync.replicas is {in_sync:?} and must be {IN_SYNC} at least")));
    }
    if unclean != "false" {
        return Err(too_little(format!("unclean.leader.election.enable is {unclean:?} and must be false")));
    }
    Ok(())
}

fn check_replicas(admin: &AdminClient<DefaultClientContext>, topics: &[String]) -> Result<(), NotDurable> {
    for topic in topics {
        let metadata = admin.inner().fetch_metadata(Some(topic), TIMEOUT);
        let metadata = metadata.map_err(|error| NotDurable::Unknown(error.to_string()))?;
        let partitions = metadata.topics().iter().flat_map(|found| found.partitions());
        let fewest = partitions.map(|partition| partition.replicas().len()).min().unwrap_or(0);
        if fewest < REPLICAS {
            let reason = format!("a partition has {fewest} replicas and must have {REPLICAS} at least");
            return Err(NotDurable::TooLittle { topic: topic.clone(), reason });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_can_lose_an_acknowledged_record_are_named() {
        assert_eq!(check_settings("t", "2", "false"), Ok(()));
        for (in_sync, unclean, word) in
            [("1", "false", "min.insync"), ("", "false", "min.insync"), ("2", "true", "unclean")]
        {
            let error = check_settings("t", in_sync, unclean).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
