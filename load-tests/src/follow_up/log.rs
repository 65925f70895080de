use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use serde_json::Value;
use uuid::Uuid;
use vendzz_schemas::topics;

use crate::expected::{CampaignVersion, LoggedEvent, Marks, QuizVersion};
use crate::reckoning::TopicOffsets;
use crate::reckoning::kafka::{LogReader, Position};

/// What the log says of a run.
#[derive(Debug, Default)]
pub struct FollowUpLog {
    /// All that there are.
    pub quizzes: Vec<QuizVersion>,
    pub campaigns: Vec<CampaignVersion>,
    pub submissions: Vec<LoggedEvent>,
    pub beacons: Vec<LoggedEvent>,
    pub abandonments: Vec<LoggedEvent>,
    pub leads: Vec<LoggedEvent>,
    pub messages: HashMap<Uuid, FoundMessage>,
    /// Records that cannot be read, by topic/partition/offset and why; never what they say.
    pub unreadable: Vec<String>,
}

/// A message on a channel's topic.
#[derive(Debug, Clone)]
pub struct FoundMessage {
    pub marks: Marks,
    pub quiz_id: String,
    /// Without prefix.
    pub topic: &'static str,
    pub partition: i32,
    pub key: String,
    /// Milliseconds since 1970 (UTC).
    pub due_at: i64,
    pub copies: u64,
    /// A copy says something else, or stands in another partition.
    pub copies_differ: bool,
}

impl FollowUpLog {
    /// Every version of every quiz and campaign.
    pub(super) fn read_definitions(&mut self, reader: &LogReader) -> anyhow::Result<()> {
        let nothing = TopicOffsets::default();
        self.read(reader, topics::QUIZ_DEFINITION, &nothing)?;
        self.read(reader, topics::CAMPAIGN_DEFINITION, &nothing)
    }

    /// A topic from the run's begin to its end of now.
    pub(super) fn read(
        &mut self,
        reader: &LogReader,
        topic: &'static str,
        begins: &TopicOffsets,
    ) -> anyhow::Result<()> {
        let consumer = reader.consumer()?;
        for (partition, low, high) in reader.watermarks(&consumer, topic)? {
            let range = begins.get(topic, partition).max(low)..high;
            let mut take = |position: &Position, fields: crate::reckoning::avro::Fields| {
                self.take(topic, position, fields.to_value()?)
            };
            let unreadable = reader.read_range(&consumer, topic, partition, range, &mut take)?;
            self.unreadable.extend(unreadable);
        }
        Ok(())
    }

    fn take(&mut self, topic: &'static str, position: &Position, record: Value) -> anyhow::Result<()> {
        match topic {
            topics::QUIZ_DEFINITION => self.quizzes.push(QuizVersion {
                quiz_id: text(&record, "quiz_id")?,
                version: position.offset,
                document: document(&record)?,
            }),
            topics::CAMPAIGN_DEFINITION => self.campaigns.push(CampaignVersion {
                campaign_id: text(&record, "campaign_id")?,
                revision: text(&record, "revision")?,
                account_id: text(&record, "account_id")?,
                quiz_id: text(&record, "quiz_id")?,
                state: text(&record, "state")?,
                offset: position.offset,
                append_ms: position.append_ms,
                document: document(&record)?,
            }),
            topics::QUIZ_SUBMISSION => self.submissions.push(logged(position, record)),
            topics::QUIZ_PROGRESS => self.beacons.push(logged(position, record)),
            topics::QUIZ_ABANDONED => self.abandonments.push(logged(position, record)),
            topics::LEAD_DETECTED => self.leads.push(logged(position, record)),
            _ => self.take_message(topic, position, &record)?,
        }
        Ok(())
    }

    fn take_message(
        &mut self,
        topic: &'static str,
        position: &Position,
        record: &Value,
    ) -> anyhow::Result<()> {
        let id: Uuid = text(record, "message_id")?.parse()?;
        let marks = Marks::of_record(record);
        if let Some(found) = self.messages.get_mut(&id) {
            found.copies += 1;
            found.copies_differ |=
                found.marks != marks || found.topic != topic || found.partition != position.partition;
            return Ok(());
        }
        let found = FoundMessage {
            marks,
            quiz_id: text(record, "quiz_id")?,
            topic,
            partition: position.partition,
            key: position.key.clone(),
            due_at: record["due_at"].as_i64().context("due_at")?,
            copies: 1,
            copies_differ: false,
        };
        self.messages.insert(id, found);
        Ok(())
    }

    /// Of the leads on the log.
    pub(super) fn lead_ids(&self) -> Vec<Uuid> {
        let ids = self.leads.iter().filter_map(|lead| lead.event.as_ref()?["lead_id"].as_str()?.parse().ok());
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The submissions of the run by quiz and response: append time of the first copy.
    pub(super) fn finished(&self) -> BTreeMap<(String, String), i64> {
        let mut finished = BTreeMap::new();
        for record in &self.submissions {
            let Some(event) = &record.event else { continue };
            let first = finished.entry(response_of(event)).or_insert(record.append_ms);
            *first = record.append_ms.min(*first);
        }
        finished
    }
}

/// Quiz and response of an event.
pub(super) fn response_of(event: &Value) -> (String, String) {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    (text("quiz_id"), text("response_id"))
}

fn logged(position: &Position, record: Value) -> LoggedEvent {
    LoggedEvent {
        partition: position.partition,
        offset: position.offset,
        append_ms: position.append_ms,
        key: position.key.clone(),
        event: Some(record),
    }
}

fn text(record: &Value, name: &str) -> anyhow::Result<String> {
    record[name].as_str().map(str::to_owned).with_context(|| format!("has no text {name}"))
}

fn document(record: &Value) -> anyhow::Result<Value> {
    serde_json::from_str(&text(record, "document")?).context("its document is not JSON")
}
