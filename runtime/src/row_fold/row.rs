use vendzz_schemas::contract::Violation;
use vendzz_schemas::events::AvroEvent;

use super::week::Week;
use crate::kernel::Poison;

/// A row of one table, and how copies of it in the log become one.
pub trait FoldedRow: Sized + Send + Sync + 'static {
    type Event: AvroEvent + Send;

    /// The row of an event at `offset`, appended at `append_ms` (milliseconds since 1970, UTC); `None`
    /// when the table holds nothing of such an event.
    fn of(event: Self::Event, offset: i64, append_ms: i64) -> Result<Option<Self>, Violation>;

    /// Rows in the order of the log become rows in the order of their key, one for each key, by the
    /// same rule by which the store keeps one of two.
    fn merge(rows: Vec<Self>) -> Vec<Self>;

    fn offset(&self) -> i64;

    /// The range that the row needs, in a table that has ranges.
    fn week(&self) -> Option<Week> {
        None
    }

    /// Whether the event's own time was implausible.
    fn event_time_replaced(&self) -> bool {
        false
    }
}

/// An event with its place in the log: offset and append time (milliseconds since 1970, UTC).
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<E> {
    pub offset: i64,
    pub append_ms: i64,
    pub event: E,
}

/// The fold of one batch: what is to be written, or every event that can never be.
pub fn fold_events<R: FoldedRow>(events: Vec<Placed<R::Event>>) -> Result<Vec<R>, Vec<Poison>> {
    let mut rows = Vec::with_capacity(events.len());
    let mut refused = Vec::new();
    for Placed { offset, append_ms, event } in events {
        match R::of(event, offset, append_ms) {
            Ok(row) => rows.extend(row),
            Err(Violation { reason, detail }) => {
                refused.push(Poison { offset, reason, detail: detail.to_owned() })
            }
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    Ok(R::merge(rows))
}
