use chrono::{DateTime, Utc};
use uuid::Uuid;
use vendzz_schemas::contract::{Violation, check_lead, moment};
use vendzz_schemas::events::{LeadDetected, LeadName};

use vendzz_runtime::row_fold::FoldedRow;

/// A row of `leads`, as one source makes it. Key: lead_id. The first and the last sighting of a lead and
/// the last one with a name stand in it: by when the contact was seen, then by append time and offset.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadRow {
    /// Derived from account, field and value, so these three are the same in every record of a lead.
    pub lead_id: Uuid,
    pub account_id: String,
    pub field: String,
    pub value: String,
    pub first: LeadSighting,
    pub last: LeadSighting,
    pub name: Option<NameSighting>,
}

/// Where a sighting stands among those of its source; the fields in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceInSource {
    /// When the response was given. A record may be appended long after it: of somebody who left, or again
    /// after a crash.
    pub seen_at: DateTime<Utc>,
    pub append_at: DateTime<Utc>,
    pub offset: i64,
}

/// What one record says of its lead.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadSighting {
    pub place: PlaceInSource,
    pub quiz_id: String,
    pub response_id: Uuid,
    /// `completed` or `abandoned`.
    pub trigger: String,
    /// 0 to 1.
    pub confidence: f64,
    pub element_id: String,
    /// `typed_element`, `validated_value` or `label`.
    pub evidence: String,
}

/// A name, and the record that has it.
#[derive(Debug, Clone, PartialEq)]
pub struct NameSighting {
    pub place: PlaceInSource,
    pub name: LeadName,
}

impl FoldedRow for LeadRow {
    type Event = LeadDetected;

    fn of(event: LeadDetected, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation> {
        let ids = check_lead(&event)?;
        let place = PlaceInSource { seen_at: moment(event.seen_at)?, append_at: moment(append_ms)?, offset };
        let sighting = LeadSighting {
            place,
            quiz_id: event.quiz_id,
            response_id: ids.response.uuid(),
            trigger: event.trigger,
            confidence: event.confidence,
            element_id: event.element_id,
            evidence: event.evidence,
        };
        Ok(Some(Self {
            lead_id: ids.lead,
            account_id: event.account_id,
            field: event.field,
            value: event.value,
            first: sighting.clone(),
            last: sighting,
            name: event.name.map(|name| NameSighting { place, name }),
        }))
    }

    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        rows.sort_by_key(|row| (row.lead_id, row.first.place));
        rows.dedup_by(|other, kept| {
            let same_lead = other.lead_id == kept.lead_id;
            if same_lead {
                kept.absorb(other);
            }
            same_lead
        });
        rows
    }

    /// That of the row's only record, before rows are merged; what is refused is looked for one by one.
    fn offset(&self) -> i64 {
        self.last.place.offset
    }
}

impl LeadRow {
    /// `upsert_leads.sql` says the same, for records of any source.
    pub fn absorb(&mut self, other: &mut Self) {
        if other.first.place < self.first.place {
            std::mem::swap(&mut self.first, &mut other.first);
        }
        if other.last.place > self.last.place {
            std::mem::swap(&mut self.last, &mut other.last);
        }
        let place = |name: &Option<NameSighting>| name.as_ref().map(|name| name.place);
        if place(&other.name) > place(&self.name) {
            std::mem::swap(&mut self.name, &mut other.name);
        }
    }
}
