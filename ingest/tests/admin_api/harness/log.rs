use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig};
use vendzz_test_support::kafka_address;

use super::namespace::{campaign_topic, definition_topic, prefix};

/// The offsets of all records of a quiz, read from the topic itself.
pub(crate) async fn versions_in_log(quiz_id: &str) -> Vec<i64> {
    let records = records_of(definition_topic()).await;
    records.into_iter().filter(|(key, _)| key == quiz_id).map(|(_, offset)| offset).collect()
}

/// The revisions of all records of a campaign, oldest first, read from the topic itself.
pub(crate) async fn revisions_in_log(campaign_id: &str) -> Vec<String> {
    let records = records_of(campaign_topic()).await;
    let of_campaign = records.into_iter().filter_map(|(key, _)| {
        let (id, revision) = key.split_once('/').unwrap_or_else(|| panic!("{key}"));
        (id == campaign_id).then(|| revision.to_owned())
    });
    of_campaign.collect()
}

/// Key and offset of every record of a topic.
async fn records_of(topic: String) -> Vec<(String, i64)> {
    let kafka = KafkaConfig::local(&kafka_address(), prefix());
    let records = Arc::new(Mutex::new(Vec::new()));
    let stop = CancellationToken::new();
    let into = records.clone();
    let follower = Follower::start(&kafka, topic, Duration::from_secs(1), stop.clone(), move |record| {
        let key = String::from_utf8(record.key.to_vec()).unwrap();
        into.lock().unwrap().push((key, record.offset));
    });
    follower.unwrap().read_to_end(Duration::from_secs(20)).await.unwrap();
    stop.cancel();
    let records = records.lock().unwrap();
    records.clone()
}
