use anyhow::Context;
use serde::Serialize;
use vendzz_runtime::kafka::{OutgoingRecord, Producer};
use vendzz_schemas::registry::{RegistryClient, RegistryError, SchemaId};
use vendzz_schemas::topics::{SCHEMA_ID, spec};

use super::{Registration, StoredSchemas, registrations};
use crate::cluster::Cluster;
use crate::exit::Answer;
use crate::output;
use crate::settings::{Settings, registry_failed};
use crate::topics::new_topic_settings;

#[derive(Serialize)]
struct Outcome {
    subject: String,
    id: Option<u32>,
    version: Option<u32>,
    /// Records written to schema.id.v1: this version, and earlier ones that were missing there.
    written: usize,
    refused: Option<String>,
}

pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<Answer> {
    let registry = settings.registry()?;
    let cluster = Cluster::connect(&settings.kafka)?;
    let topic = settings.kafka.name(SCHEMA_ID);
    let mut stored = match StoredSchemas::read(&cluster)? {
        Some(stored) => stored,
        None => {
            let spec = spec(SCHEMA_ID).context("schema.id.v1 is missing from the catalogue")?;
            cluster.create_topic(&topic, &new_topic_settings(spec, settings.profile)).await?;
            output::progress(format!("made {topic}"));
            StoredSchemas::default()
        }
    };
    let mut log = SchemaLog { producer: cluster.producer()?, topic };
    let mut outcomes = Vec::new();
    for registration in registrations(&settings.kafka.namespace) {
        outcomes.push(register(&registry, &registration, &mut stored, &mut log).await?);
    }
    let refused = outcomes.iter().any(|outcome| outcome.refused.is_some());
    show(&outcomes, json)?;
    Ok(Answer::yes_if(!refused))
}

async fn register(
    registry: &RegistryClient,
    registration: &Registration,
    stored: &mut StoredSchemas,
    log: &mut SchemaLog,
) -> anyhow::Result<Outcome> {
    let Registration { record, subject } = registration;
    let registered = match registry.register(subject, record.full_name, record.schema).await {
        Ok(registered) => registered,
        Err(RegistryError::Refused(reason)) => {
            return Ok(Outcome {
                subject: subject.clone(),
                id: None,
                version: None,
                written: 0,
                refused: Some(reason),
            });
        }
        Err(error) => return Err(registry_failed(error)),
    };
    let mut written = 0;
    // Records of earlier versions stay in the log, so a topic made again needs those as well.
    for version in registry.versions(subject).await.map_err(registry_failed)? {
        let schema = if version == registered.version {
            SchemaId {
                id: registered.id,
                subject: subject.clone(),
                version,
                schema: record.schema.to_owned(),
            }
        } else {
            registry.version(subject, version).await.map_err(registry_failed)?
        };
        if stored.insert(&schema)? {
            log.write(&schema).await?;
            written += 1;
        }
    }
    Ok(Outcome {
        subject: subject.clone(),
        id: Some(registered.id),
        version: Some(registered.version),
        written,
        refused: None,
    })
}

struct SchemaLog {
    producer: Producer,
    topic: String,
}

impl SchemaLog {
    async fn write(&mut self, schema: &SchemaId) -> anyhow::Result<()> {
        let payload = serde_json::to_vec(schema)?;
        let key = schema.key();
        let record = OutgoingRecord {
            topic: &self.topic,
            partition: 0,
            key: key.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        let sent = self.producer.send(&record).await;
        sent.map(|_| ()).with_context(|| {
            format!("{key} is registered, but not written to {}; run this again", self.topic)
        })
    }
}

fn show(outcomes: &[Outcome], json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&outcomes);
    }
    let rows = outcomes.iter().map(|outcome| {
        let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
        let what = match (&outcome.refused, outcome.written) {
            (Some(reason), _) => format!("refused: {reason}"),
            (None, 0) => "unchanged".to_owned(),
            (None, written) => format!("registered, {written} written to schema.id.v1"),
        };
        vec![outcome.subject.clone(), number(outcome.version), number(outcome.id), what]
    });
    Ok(output::table(&["subject", "version", "id", "outcome"], rows)?)
}
