//! Any Kafka tool with a registry can read our topics: what our own code wrote is read by
//! Confluent's client and fastavro (`schemas/tests/python/read_topics.py`), field by field.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use vendzz_schemas::events::{
    AvroEvent, CampaignDefinition, CampaignDelivery, CampaignMessage, LeadDetected, QuizAbandoned,
    QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed,
};
use vendzz_schemas::topics::{
    CAMPAIGN_DEFINITION, CAMPAIGN_DELIVERY, CAMPAIGN_WHATSAPP, CATALOGUE, LEAD_DETECTED, QUIZ_ABANDONED,
    QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION, QUIZ_VIEW, TOPIC_EPOCH,
};

use crate::installation::{Installation, registry_url};
use crate::sample::{
    abandoned, campaign, definition, delivery, lead, message, progressed, submitted, viewed,
};

/// A record as the independent reader must see it.
#[derive(Debug, PartialEq)]
struct Expected {
    key: String,
    record_type: &'static str,
    value: Value,
}

#[tokio::test]
async fn an_independent_client_reads_every_event_type_field_by_field() {
    let installation = Installation::set_up();
    let mut expected = BTreeMap::new();
    write(&installation, QUIZ_DEFINITION, 0, &[definition()], &mut expected).await;
    write(&installation, QUIZ_VIEW, 3, &[viewed(), QuizViewed { version: None, ..viewed() }], &mut expected)
        .await;
    write(&installation, QUIZ_SUBMISSION, 5, &[submitted("human"), submitted("bot")], &mut expected).await;
    let response = submitted("human").response_id;
    let beacon = progressed(&response, 2, &[("fim", 1_500), ("nome", 20)], 1);
    write(&installation, QUIZ_PROGRESS, 2, &[beacon], &mut expected).await;
    write(&installation, QUIZ_ABANDONED, 1, &[abandoned()], &mut expected).await;
    write(&installation, LEAD_DETECTED, 4, &[lead()], &mut expected).await;
    write(&installation, CAMPAIGN_DEFINITION, 0, &[campaign()], &mut expected).await;
    write(&installation, CAMPAIGN_WHATSAPP, 5, &[message()], &mut expected).await;
    write(&installation, CAMPAIGN_DELIVERY, 2, &[delivery()], &mut expected).await;

    let topics = [
        QUIZ_DEFINITION,
        QUIZ_VIEW,
        QUIZ_SUBMISSION,
        QUIZ_PROGRESS,
        QUIZ_ABANDONED,
        LEAD_DETECTED,
        CAMPAIGN_DEFINITION,
        CAMPAIGN_WHATSAPP,
        CAMPAIGN_DELIVERY,
    ];
    let read = read_independently(&installation, &topics);
    let mut seen = BTreeMap::new();
    for record in read {
        let place = (
            record["topic"].as_str().unwrap().to_owned(),
            record["partition"].clone().as_i64(),
            record["offset"].as_i64(),
        );
        seen.insert(place, record);
    }
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    for (place, wanted) in expected {
        let record = &seen[&place];
        assert_eq!(record["key"], wanted.key.as_str(), "{place:?}");
        assert_eq!(record["type"], wanted.record_type, "{place:?}");
        assert_eq!(record["value"], wanted.value, "{place:?}");
    }
}

/// Their epochs were written by `vendzz topics apply`.
#[tokio::test]
async fn an_independent_client_reads_the_epochs_of_every_topic() {
    let installation = Installation::set_up();
    let incarnations = installation.incarnations();
    let read = read_independently(&installation, &[TOPIC_EPOCH]);
    assert_eq!(read.len(), CATALOGUE.len());
    for record in read {
        let topic = record["value"]["topic"].as_str().unwrap();
        let base = topic.strip_prefix(&installation.prefix).unwrap();
        let partitions = CATALOGUE.iter().find(|spec| spec.name == base).unwrap().partitions_local;
        let epoch = json!({"number": 0, "begins_at": 0, "partitions": partitions, "salt": 2});
        let whole = json!({"topic": topic, "incarnation": incarnations[base], "epochs": [epoch]});
        assert_eq!(record["value"], whole);
        assert_eq!((&record["key"], &record["type"]), (&topic.into(), &"com.vendzz.TopicEpochs".into()));
    }
}

type Place = (String, Option<i64>, Option<i64>);

async fn write<E: AvroEvent>(
    installation: &Installation,
    topic: &str,
    partition: i32,
    events: &[E],
    expected: &mut BTreeMap<Place, Expected>,
) {
    let encoder = installation.encoder::<E>(topic);
    for (number, event) in events.iter().enumerate() {
        let key = format!("chave/{number}");
        let framed = encoder.encode(event).unwrap();
        let delivered = installation.append(topic, partition, &key, Some(&framed)).await;
        let place = (installation.name(topic), Some(i64::from(delivered.partition)), Some(delivered.offset));
        let value = serde_json::to_value(event).unwrap();
        expected.insert(place, Expected { key, record_type: E::FULL_NAME, value });
    }
}

fn read_independently(installation: &Installation, topics: &[&str]) -> Vec<Value> {
    let checkout = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let local = std::env::var_os("VENDZZ_LOCAL_DIR").map_or_else(|| checkout.join(".local"), PathBuf::from);
    let python = local.join("python/bin/python");
    assert!(
        python.exists(),
        "{} is missing: `make setup` makes the Python environment of the tests",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg(checkout.join("schemas/tests/python/read_topics.py"));
    command.arg(&installation.kafka.bootstrap).arg(registry_url());
    command.args(topics.iter().map(|topic| installation.name(topic)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The types are named here so that a new one is missed when it is not written above.
#[test]
fn every_event_type_of_the_catalogue_is_read_above() {
    let mut types: Vec<&str> = CATALOGUE
        .iter()
        .filter_map(|topic| match topic.encoding {
            vendzz_schemas::topics::Encoding::Avro(records) => Some(records),
            _ => None,
        })
        .flatten()
        .map(|record| record.full_name)
        .collect();
    types.sort_unstable();
    types.dedup();
    let read = [
        CampaignDefinition::FULL_NAME,
        CampaignDelivery::FULL_NAME,
        CampaignMessage::FULL_NAME,
        LeadDetected::FULL_NAME,
        QuizAbandoned::FULL_NAME,
        QuizDefinition::FULL_NAME,
        QuizProgressed::FULL_NAME,
        QuizSubmitted::FULL_NAME,
        QuizViewed::FULL_NAME,
        "com.vendzz.TopicEpochs",
    ];
    assert_eq!(types, read);
}
