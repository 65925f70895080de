use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::Value;
use uuid::Uuid;
use vendzz_runtime::kafka::{Delivered, KafkaConfig, OutgoingRecord, Producer, ProducerSettings};
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::AvroEvent;
use vendzz_schemas::topics::{CATALOGUE, subject};

const CALL: Duration = Duration::from_secs(10);

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One JSON value a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs `vendzz` with the environment of the test and these variables.
pub(crate) fn vendzz(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vendzz"));
    command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    Ran {
        status: output.status.code().expect("the command was killed"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

pub(crate) fn registry_url() -> String {
    variable("VENDZZ_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7")
}

/// Topics, groups and subjects behind a prefix of their own, which go with the value.
pub(crate) struct Installation {
    pub(crate) kafka: KafkaConfig,
    pub(crate) prefix: String,
}

impl Installation {
    /// Nothing is set up.
    pub(crate) fn bare() -> Self {
        let prefix = format!("test.cli.{}.", Uuid::now_v7().simple());
        let kafka = KafkaConfig::local(&variable("VENDZZ_KAFKA_BOOTSTRAP", "127.0.0.1:19092"), &prefix);
        Self { kafka, prefix }
    }

    /// With schemas and topics.
    pub(crate) fn set_up() -> Self {
        let installation = Self::bare();
        installation.vendzz(&["schemas", "register"]).expect(0);
        installation.vendzz(&["topics", "apply", "--yes"]).expect(0);
        installation
    }

    pub(crate) fn vendzz(&self, arguments: &[&str]) -> Ran {
        self.vendzz_with(arguments, &[])
    }

    pub(crate) fn vendzz_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let variables: Vec<(&str, &str)> = [("VENDZZ_KAFKA_PREFIX", self.prefix.as_str())]
            .into_iter()
            .chain(variables.iter().copied())
            .collect();
        vendzz(arguments, &variables)
    }

    /// Real name of a topic or group.
    pub(crate) fn name(&self, base: &str) -> String {
        self.kafka.name(base)
    }

    /// Incarnation of each topic, by the catalogue's names.
    pub(crate) fn incarnations(&self) -> BTreeMap<String, String> {
        let described = self.vendzz(&["topics", "describe", "--json"]).expect(0).json();
        let topics = described.as_array().unwrap().iter();
        topics
            .map(|topic| {
                let base = topic["topic"].as_str().unwrap().strip_prefix(&self.prefix).unwrap();
                (base.to_owned(), topic["incarnation"].as_str().unwrap().to_owned())
            })
            .collect()
    }

    pub(crate) fn describe(&self, topic: &str) -> Value {
        let described = self.vendzz(&["topics", "describe", topic, "--json"]);
        described.json()[0].clone()
    }

    /// The encoder of `E` for a topic that is set up.
    pub(crate) fn encoder<E: AvroEvent>(&self, topic: &str) -> Encoder<E> {
        let wanted = subject(&self.name(topic), E::FULL_NAME);
        let listed = self.vendzz(&["schemas", "list", "--json"]).expect(0).json();
        let row = listed.as_array().unwrap().iter().find(|row| row["subject"] == wanted.as_str()).unwrap();
        Encoder::new(u32::try_from(row["written_id"].as_u64().unwrap()).unwrap()).unwrap()
    }

    /// Appends one record and waits for its acknowledgement.
    pub(crate) async fn append(
        &self,
        topic: &str,
        partition: i32,
        key: &str,
        value: Option<&[u8]>,
    ) -> Delivered {
        let settings = ProducerSettings {
            name: "test",
            linger: Duration::ZERO,
            queue_records: 100,
            queue_kbytes: 1_024,
            message_timeout: CALL,
        };
        let producer = Producer::new(&self.kafka, &settings).unwrap();
        let record = OutgoingRecord {
            topic: &self.name(topic),
            partition,
            key: key.as_bytes(),
            payload: value,
            headers: &[],
        };
        producer.send(&record).await.unwrap()
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.kafka.client("test-admin").create().unwrap()
    }

    pub(crate) async fn create(&self, topic: NewTopic<'_>) {
        let made = self.admin().create_topics([&topic], &options()).await.unwrap();
        made.into_iter().for_each(|result| {
            result.unwrap();
        });
    }

    /// Behind the back of `vendzz`.
    pub(crate) async fn delete(&self, topic: &str) {
        let name = self.name(topic);
        let deleted = self.admin().delete_topics(&[&name], &options()).await.unwrap();
        deleted.into_iter().for_each(|result| {
            result.unwrap();
        });
        while topics_of(&self.kafka).contains(&name) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Registers a schema as somebody else would.
    pub(crate) async fn register_foreign(&self, topic: &str, full_name: &str, schema: &str) {
        let url = format!("{}/subjects/{}/versions", registry_url(), subject(&self.name(topic), full_name));
        let body = serde_json::json!({"schema": schema, "schemaType": "AVRO"}).to_string();
        let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn remove(kafka: &KafkaConfig, prefix: &str) {
        let admin: AdminClient<DefaultClientContext> = kafka.client("test-admin").create().unwrap();
        let topics: Vec<String> =
            topics_of(kafka).into_iter().filter(|name| name.starts_with(prefix)).collect();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        if !topics.is_empty() {
            admin.delete_topics(&topics, &options()).await.unwrap();
        }
        let client = reqwest::Client::new();
        for record in CATALOGUE.iter().flat_map(|topic| match topic.encoding {
            vendzz_schemas::topics::Encoding::Avro(records) => {
                records.iter().map(|record| (topic.name, record)).collect()
            }
            _ => Vec::new(),
        }) {
            let (topic, record) = record;
            let url =
                format!("{}/subjects/{}", registry_url(), subject(&kafka.name(topic), record.full_name));
            // First softly, then for good; a subject that was never made answers 404.
            for address in [url.clone(), format!("{url}?permanent=true")] {
                client.delete(address).send().await.unwrap();
            }
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let (kafka, prefix) = (self.kafka.clone(), self.prefix.clone());
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Self::remove(&kafka, &prefix));
        });
        if removed.join().is_err() && !std::thread::panicking() {
            panic!("what the test made behind {} was not removed", self.prefix);
        }
    }
}

fn topics_of(kafka: &KafkaConfig) -> Vec<String> {
    let consumer: BaseConsumer = kafka.reader("test").create().unwrap();
    let metadata =
        consumer.fetch_metadata(None, CALL).expect("the tests need the local stack: infra/local/stack up");
    metadata.topics().iter().map(|topic| topic.name().to_owned()).collect()
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(CALL)).operation_timeout(Some(CALL))
}
