//! The topic catalogue: the only place that knows name, key, schema, partitions and settings.

use crate::events::{
    AvroEvent, CampaignDefinition, CampaignDelivery, CampaignMessage, LeadDetected, QuizAbandoned,
    QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed, TopicEpochs,
};

pub const QUIZ_DEFINITION: &str = "quiz.definition.v1";
pub const QUIZ_VIEW: &str = "quiz.view.v1";
pub const QUIZ_PROGRESS: &str = "quiz.progress.v1";
pub const QUIZ_SUBMISSION: &str = "quiz.submission.v1";
pub const QUIZ_ABANDONED: &str = "quiz.abandoned.v1";
pub const LEAD_DETECTED: &str = "lead.detected.v1";
pub const CAMPAIGN_DEFINITION: &str = "campaign.definition.v1";
pub const CAMPAIGN_SMS: &str = "campaign.sms.v1";
pub const CAMPAIGN_EMAIL: &str = "campaign.email.v1";
pub const CAMPAIGN_WHATSAPP: &str = "campaign.whatsapp.v1";
pub const CAMPAIGN_VOICE: &str = "campaign.voice.v1";
pub const CAMPAIGN_DELIVERY: &str = "campaign.delivery.v1";
pub const TOPIC_EPOCH: &str = "topic.epoch.v1";
pub const SCHEMA_ID: &str = "schema.id.v1";
pub const EDGE_ADDRESS_KEY: &str = "edge.address_key.v1";
pub const DLQ_STATE: &str = "dlq.state";
pub const DLQ_ANALYTICS: &str = "dlq.analytics";
pub const DLQ_FANOUT: &str = "dlq.fanout";
pub const DLQ_SEND: &str = "dlq.send";

/// Modulus of the salt in epoch 0.
pub const SALT: i32 = 2;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    Compact,
    Delete,
}

/// How a record's value is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Confluent wire format around Avro; the record types that the topic may hold.
    Avro(&'static [AvroRecord]),
    /// Plain JSON, so that reading it needs no registry.
    Json,
    /// The bytes of other topics' records.
    Original,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvroRecord {
    pub full_name: &'static str,
    pub schema: &'static str,
}

impl AvroRecord {
    const fn of<E: AvroEvent>() -> Self {
        Self { full_name: E::FULL_NAME, schema: E::SCHEMA }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct TopicSpec {
    pub name: &'static str,
    /// What the record key is, for people.
    pub key: &'static str,
    pub encoding: Encoding,
    pub cleanup: Cleanup,
    pub partitions_local: i32,
    pub partitions_production: i32,
    /// `None`: unlimited locally; production keeps 90 days of a delete topic unless said otherwise.
    pub retention_ms: Option<i64>,
    /// A record of a compacted topic stays so long at least, also when a later one has its key.
    pub compaction_lag_ms: Option<i64>,
    /// Partition chosen by [`crate::routing`], by the epoch in which an id was minted.
    pub routed: bool,
}

pub const PRODUCTION_RETENTION_MS: i64 = 90 * DAY_MS;

const fn compacted(name: &'static str, key: &'static str, encoding: Encoding, production: i32) -> TopicSpec {
    TopicSpec {
        name,
        key,
        encoding,
        cleanup: Cleanup::Compact,
        partitions_local: 1,
        partitions_production: production,
        retention_ms: None,
        compaction_lag_ms: None,
        routed: false,
    }
}

const fn routed(name: &'static str, key: &'static str, records: &'static [AvroRecord]) -> TopicSpec {
    TopicSpec {
        name,
        key,
        encoding: Encoding::Avro(records),
        cleanup: Cleanup::Delete,
        partitions_local: 6,
        partitions_production: 128,
        retention_ms: None,
        compaction_lag_ms: None,
        routed: true,
    }
}

/// As [`routed`], for what there is less of.
const fn routed_less(name: &'static str, key: &'static str, records: &'static [AvroRecord]) -> TopicSpec {
    TopicSpec { partitions_production: 32, ..routed(name, key, records) }
}

const fn messages(name: &'static str) -> TopicSpec {
    const RECORDS: &[AvroRecord] = &[AvroRecord::of::<CampaignMessage>()];
    routed_less(name, "message_id", RECORDS)
}

const fn dead_letters(name: &'static str) -> TopicSpec {
    TopicSpec {
        name,
        key: "that of the original record",
        encoding: Encoding::Original,
        cleanup: Cleanup::Delete,
        partitions_local: 1,
        partitions_production: 4,
        retention_ms: None,
        compaction_lag_ms: None,
        routed: false,
    }
}

pub const CATALOGUE: &[TopicSpec] = &[
    compacted(SCHEMA_ID, "subject/version", Encoding::Json, 1),
    compacted(TOPIC_EPOCH, "topic", Encoding::Avro(&[AvroRecord::of::<TopicEpochs>()]), 1),
    TopicSpec {
        compaction_lag_ms: Some(7 * DAY_MS),
        ..compacted(QUIZ_DEFINITION, "quiz_id", Encoding::Avro(&[AvroRecord::of::<QuizDefinition>()]), 16)
    },
    compacted(
        CAMPAIGN_DEFINITION,
        "campaign_id/revision",
        Encoding::Avro(&[AvroRecord::of::<CampaignDefinition>()]),
        16,
    ),
    TopicSpec {
        cleanup: Cleanup::Delete,
        retention_ms: Some(48 * HOUR_MS),
        ..compacted(EDGE_ADDRESS_KEY, "day", Encoding::Json, 1)
    },
    routed(QUIZ_VIEW, "quiz_id/visitor_id", &[AvroRecord::of::<QuizViewed>()]),
    routed(QUIZ_PROGRESS, "quiz_id/response_id", &[AvroRecord::of::<QuizProgressed>()]),
    routed(QUIZ_SUBMISSION, "quiz_id/response_id", &[AvroRecord::of::<QuizSubmitted>()]),
    routed_less(QUIZ_ABANDONED, "quiz_id/response_id", &[AvroRecord::of::<QuizAbandoned>()]),
    routed_less(LEAD_DETECTED, "quiz_id/response_id", &[AvroRecord::of::<LeadDetected>()]),
    messages(CAMPAIGN_SMS),
    messages(CAMPAIGN_EMAIL),
    messages(CAMPAIGN_WHATSAPP),
    messages(CAMPAIGN_VOICE),
    routed_less(CAMPAIGN_DELIVERY, "message_id", &[AvroRecord::of::<CampaignDelivery>()]),
    dead_letters(DLQ_STATE),
    dead_letters(DLQ_ANALYTICS),
    dead_letters(DLQ_FANOUT),
    dead_letters(DLQ_SEND),
];

/// The catalogue's entry for a topic without its prefix.
pub fn spec(name: &str) -> Option<&'static TopicSpec> {
    CATALOGUE.iter().find(|topic| topic.name == name)
}

/// Real names of topics and groups: the catalogue's, behind a prefix that separates installations
/// (and tests) on one cluster. Empty in production.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    prefix: String,
}

impl Namespace {
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// `quiz.view.v1` → `<prefix>quiz.view.v1`; also for consumer groups.
    pub fn name(&self, base: &str) -> String {
        format!("{}{base}", self.prefix)
    }

    /// The catalogue's name behind a real one; `None` when the prefix is another.
    pub fn base<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(&self.prefix)
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// Subject of a record type in a topic (Confluent's TopicRecordNameStrategy).
pub fn subject(topic: &str, full_name: &str) -> String {
    format!("{topic}-{full_name}")
}
