use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use super::log::FollowUpLog;
use crate::expected::{Lead, LoggedEvent};

/// A row of `leads`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeadRow {
    pub(super) account_id: String,
    pub(super) field: String,
    pub(super) value: String,
    pub(super) last_response_id: Uuid,
    /// Milliseconds since 1970 (UTC).
    pub(super) last_seen_at: i64,
}

/// The leads on the log, each once.
pub(super) fn leads_on_log(log: &FollowUpLog) -> BTreeSet<Lead> {
    log.leads.iter().filter_map(|lead| lead_of(lead.event.as_ref()?)).collect()
}

fn lead_of(event: &Value) -> Option<Lead> {
    let text = |name: &str| Some(event[name].as_str()?.to_owned());
    Some(Lead {
        account_id: text("account_id")?,
        lead_id: text("lead_id")?.parse().ok()?,
        quiz_id: text("quiz_id")?,
        response_id: text("response_id")?,
        field: text("field")?,
        value: text("value")?,
        seen_at: event["seen_at"].as_i64()?,
    })
}

/// Names of the rows that are missing or say something else than the last sighting of their lead. What was first may
/// stand before the run.
pub(super) fn differing_rows(log: &FollowUpLog, rows: &BTreeMap<Uuid, LeadRow>) -> Vec<String> {
    let mut last: BTreeMap<Uuid, &LoggedEvent> = BTreeMap::new();
    let seen_at = |lead: &LoggedEvent| lead.event.as_ref().and_then(|event| event["seen_at"].as_i64());
    let place = |lead: &LoggedEvent| (seen_at(lead), lead.append_ms, lead.partition, lead.offset);
    for lead in &log.leads {
        let id = lead.event.as_ref().and_then(|event| event["lead_id"].as_str()?.parse().ok());
        let Some(id) = id else { continue };
        let held = last.entry(id).or_insert(lead);
        if place(lead) > place(held) {
            *held = lead;
        }
    }
    let mut differing = Vec::new();
    for (id, record) in last {
        let Some(lead) = record.event.as_ref().and_then(lead_of) else { continue };
        let Some(row) = rows.get(&id) else {
            differing.push(format!("{id}: no row"));
            continue;
        };
        for (field, is_same) in [
            ("account_id", row.account_id == lead.account_id),
            ("field", row.field == lead.field),
            ("value", row.value == lead.value),
            ("last_response_id", row.last_response_id.to_string() == lead.response_id),
            ("last_seen_at", row.last_seen_at == lead.seen_at),
        ] {
            if !is_same {
                differing.push(format!("{id}: {field}"));
            }
        }
    }
    differing
}
