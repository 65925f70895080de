use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::table::grouped;

/// What is still to happen to the messages of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Unsent {
    pub in_ledger: i64,
    /// Expected, and not in the ledger.
    pub not_taken_in: i64,
    /// Due and waiting, by channel; what an inactive campaign holds back is left out.
    pub due: BTreeMap<String, i64>,
    /// Leased or being sent.
    pub in_flight: i64,
    /// Events that the log has not acknowledged.
    pub unpublished: i64,
    /// Reports that the providers still have to bring.
    pub reports_waiting: u64,
}

impl Unsent {
    pub fn due_in_all(&self) -> i64 {
        self.due.values().sum()
    }

    /// Nothing due waits; events and reports may still be on their way.
    pub fn is_sent(&self) -> bool {
        self.not_taken_in + self.due_in_all() + self.in_flight == 0
    }

    pub fn is_nothing(&self) -> bool {
        self.is_sent() && self.unpublished == 0 && self.reports_waiting == 0
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due: Vec<String> = self
            .due
            .iter()
            .filter(|(_, count)| **count != 0)
            .map(|(channel, count)| format!("{channel} {}", grouped(count)))
            .collect();
        let due = if due.is_empty() { "nothing".to_owned() } else { due.join(", ") };
        write!(
            formatter,
            "{} not taken in, due: {due}, {} in flight, {} events to publish, {} reports to come",
            grouped(self.not_taken_in),
            grouped(self.in_flight),
            grouped(self.unpublished),
            grouped(self.reports_waiting)
        )
    }
}
