use std::collections::BTreeMap;

use serde::Serialize;

/// What a run came to, at its end or on the way.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadFigures {
    /// From the first event until the last was settled; while running, until now.
    pub seconds: f64,
    pub submissions: KindFigures,
    pub views: KindFigures,
    pub beacons: KindFigures,
    /// Events that were answered as they should not have been.
    pub surprises: u64,
    /// The first of them.
    pub first_surprises: Vec<String>,
}

/// The figures of one kind of events.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KindFigures {
    /// Distinct ids.
    pub issued: u64,
    /// Distinct ids answered 2xx.
    pub accepted: u64,
    /// Distinct ids whose last answer was a 4xx.
    pub refused: u64,
    /// Distinct ids without a final answer.
    pub unresolved: u64,
    /// Attempts after a 503, a 429 or a broken connection.
    pub sent_again: u64,
    /// Accepted ids that were sent once more on purpose.
    pub repeated: u64,
    /// Accepted a second.
    pub accepted_per_second: f64,
    /// Of what was accepted, from when it was due; milliseconds.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// Attempts by status, or by the reason why there is none.
    pub attempts: BTreeMap<String, u64>,
}
