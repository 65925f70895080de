//! No log line of ours, and no dead letter's detail, tells of anybody who was in the traffic.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Headers;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde_json::Value;
use vendzz_load_tests::follow_up::FollowUpLog;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{AnswerValue, AvroEvent, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::topics::{self, subject};

use crate::follow_up_trial::FollowUpTrial;

const TIMEOUT: Duration = Duration::from_secs(10);
const DEAD_LETTERED_WITHIN: Duration = Duration::from_secs(60);
const PLANTED_EMAIL: &str = "plantada.de.proposito@example.com";
const PLANTED_PHONE: &str = "+5511912345678";

/// Plants records that can never be followed up, with contacts in them, and then looks for every contact and
/// name of the whole run in all logs and dead letters.
pub(crate) async fn expect_none_in_logs(trial: &FollowUpTrial) {
    let mut personal = personal_texts(&trial.log().await);
    assert!(personal.len() > 100, "only {} texts to look for", personal.len());
    personal.extend([PLANTED_EMAIL, PLANTED_PHONE].map(str::to_owned));
    plant(trial).await;
    let letters = dead_letters(trial).await;
    for (place, details) in &letters {
        assert_none_in(place, details, &personal);
    }
    let logs = trial.trial.cluster.logs().unwrap();
    assert!(logs.len() >= 7 && logs.values().all(|log| !log.is_empty()), "{:?}", logs.keys());
    for (name, log) in &logs {
        assert_none_in(name, log, &personal);
    }
    println!("{} texts of people looked for in {} logs", personal.len(), logs.len());
}

fn assert_none_in(place: &str, text: &str, personal: &BTreeSet<String>) {
    // Line by line only where something is found.
    let Some(found) = personal.iter().find(|needle| text.contains(needle.as_str())) else { return };
    let line = text.lines().find(|line| line.contains(found.as_str())).unwrap_or_default();
    panic!("{place} tells of somebody ({found}): {line}");
}

/// Contacts, names and numbers of everybody in the run, finished or not.
fn personal_texts(log: &FollowUpLog) -> BTreeSet<String> {
    const TOLD_BY: [&str; 8] = ["email", "whatsapp", "celular", "nome", "cpf", "cnpj", "sonho", "linguagens"];
    let mut personal = BTreeSet::new();
    for record in log.submissions.iter().chain(&log.beacons).chain(&log.abandonments) {
        let Some(event) = &record.event else { continue };
        for element in TOLD_BY {
            if let Some(text) = event["answers"][element].as_str() {
                personal.insert(text.to_owned());
                // A phone without its country too.
                personal.extend(text.strip_prefix("+55").map(str::to_owned));
            }
        }
    }
    personal
}

/// One record that is no event at all, and one that breaks the contract.
async fn plant(trial: &FollowUpTrial) {
    let installation = trial.trial.cluster.installation();
    let topic = installation.kafka_names.name(topics::QUIZ_SUBMISSION);
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &installation.kafka_bootstrap).create().unwrap();
    let garbage = format!("{PLANTED_EMAIL} {PLANTED_PHONE}").into_bytes();
    let subject = subject(&topic, QuizSubmitted::FULL_NAME);
    let url = format!("{}/subjects/{subject}/versions/latest", installation.registry_url);
    let latest: Value = reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let schema_id = u32::try_from(latest["id"].as_u64().unwrap()).unwrap();
    let event = breaking_the_contract();
    let framed = Encoder::<QuizSubmitted>::new(schema_id).unwrap().encode(&event).unwrap();
    for payload in [garbage, framed] {
        let key = format!("emprestimo/{}", event.response_id);
        let record = FutureRecord::to(&topic).partition(0).key(&key).payload(&payload);
        producer.send(record, TIMEOUT).await.unwrap();
    }
}

fn breaking_the_contract() -> QuizSubmitted {
    let answers = BTreeMap::from([
        ("email".to_owned(), AnswerValue::Text(PLANTED_EMAIL.to_owned())),
        ("celular".to_owned(), AnswerValue::Text(PLANTED_PHONE.to_owned())),
    ]);
    QuizSubmitted {
        // No account has such an id.
        account_id: format!("Conta de {PLANTED_EMAIL}"),
        quiz_id: "emprestimo".to_owned(),
        response_id: TimedId::mint().to_string(),
        visitor_id: None,
        version: 0,
        received_at: 0,
        started_at: None,
        submitted_at: None,
        answers,
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: "human".to_owned(),
        bot_reasons: Vec::new(),
        address_hash: String::new(),
        tags: Vec::new(),
        elements: Vec::new(),
        reported: 0,
    }
}

/// The headers of each dead letter, by its place; both planted records must be there.
async fn dead_letters(trial: &FollowUpTrial) -> BTreeMap<String, String> {
    let installation = trial.trial.cluster.installation().clone();
    let topic = installation.kafka_names.name(topics::DLQ_FANOUT);
    let read = move || {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &installation.kafka_bootstrap)
            .set("group.id", installation.kafka_names.name("reader-of-dead-letters"))
            .set("enable.auto.commit", "false")
            .create()
            .unwrap();
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&topic, 0, Offset::Beginning).unwrap();
        consumer.assign(&assignment).unwrap();
        let mut letters = BTreeMap::new();
        let begin = std::time::Instant::now();
        while letters.len() < 2 {
            assert!(begin.elapsed() < DEAD_LETTERED_WITHIN, "{} dead letters", letters.len());
            let Some(record) = consumer.poll(Duration::from_millis(200)) else { continue };
            let record = record.unwrap();
            let headers = record.headers().expect("a dead letter says where it stood and why");
            let texts = headers.iter().map(|header| {
                format!("{}: {}", header.key, String::from_utf8_lossy(header.value.unwrap_or_default()))
            });
            letters.insert(format!("{topic}/{}", record.offset()), texts.collect::<Vec<_>>().join("\n"));
        }
        letters
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}
