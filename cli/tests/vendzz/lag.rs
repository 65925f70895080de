use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;
use vendzz_schemas::topics::QUIZ_VIEW;

use crate::installation::Installation;

fn group<'a>(lags: &'a Value, name: &str) -> &'a Value {
    lags.as_array().unwrap().iter().find(|group| group["group"] == name).unwrap()
}

fn partition<'a>(group: &'a Value, topic: &str, number: i32) -> &'a Value {
    let mut partitions = group["partitions"].as_array().unwrap().iter();
    partitions.find(|lag| lag["topic"] == topic && lag["partition"] == number).unwrap()
}

#[tokio::test]
async fn lag_is_told_in_records_and_in_seconds_by_partition() {
    let installation = Installation::set_up();
    let (analytics, topic) = (installation.name("project.analytics"), installation.name(QUIZ_VIEW));
    for _ in 0..3 {
        installation.append(QUIZ_VIEW, 1, "k", Some(b"x")).await;
    }
    installation.append(QUIZ_VIEW, 4, "k", Some(b"x")).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let lags = installation.vendzz(&["lag", "--json"]).expect(0).json();
    let before = group(&lags, &analytics);
    assert_eq!(before["records"], 4, "a group that has committed nothing is behind by everything: {before}");
    assert!(before["seconds"].as_f64().unwrap() >= 1.0, "{before}");
    assert_eq!(partition(before, &topic, 1)["records"], 3);
    assert!(partition(before, &topic, 1)["next"].is_null());
    assert_eq!(partition(before, &topic, 0)["seconds"], 0.0);
    assert_eq!(group(&lags, &installation.name("project.state"))["records"], 0);

    let mut config = installation.kafka.client("test");
    let consumer: BaseConsumer =
        config.set("group.id", &analytics).set("enable.auto.commit", "false").create().unwrap();
    let mut committed = TopicPartitionList::new();
    committed.add_partition_offset(&topic, 1, Offset::Offset(2)).unwrap();
    committed.add_partition_offset(&topic, 4, Offset::Offset(1)).unwrap();
    consumer.commit(&committed, CommitMode::Sync).unwrap();

    let lags = installation.vendzz(&["lag", "--json"]).expect(0).json();
    let after = group(&lags, &analytics);
    assert_eq!(after["records"], 1, "{after}");
    assert_eq!(partition(after, &topic, 1)["next"], 2);
    assert_eq!(
        (&partition(after, &topic, 4)["records"], &partition(after, &topic, 4)["seconds"]),
        (&0.into(), &0.0.into())
    );
    let table = installation.vendzz(&["lag"]).expect(0).stdout;
    assert!(table.lines().any(|line| line.starts_with(&analytics) && line.contains(" all ")), "{table}");
}
