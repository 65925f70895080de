//! Which partitions this process holds, and how each stands: for readiness, metrics and lag.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::health::Latch;
use crate::telemetry::MetricName;

pub(super) type PartitionKey = (String, i32);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// The store is asked, or its backoff waited for: what for.
    Opening(String),
    Running,
    /// A person must act: why.
    Stopped(String),
}

/// How far one partition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Offset of the next record to be applied.
    pub next: i64,
    /// Append time of the last record applied; 0 before the first.
    pub append_ms: i64,
}

#[derive(Clone)]
pub(super) struct Board {
    group: &'static str,
    latch: Latch,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    assigned_once: bool,
    partitions: BTreeMap<PartitionKey, (Standing, Option<Progress>)>,
}

impl Board {
    pub(super) fn new(group: &'static str, latch: Latch) -> Self {
        Self { group, latch, state: Arc::default() }
    }

    /// The group has answered, perhaps with no partition at all.
    pub(super) fn assigned(&self) {
        self.change(|state| state.assigned_once = true);
    }

    pub(super) fn stands(&self, key: &PartitionKey, standing: Standing) {
        self.change(|state| {
            let entry = state.partitions.entry(key.clone()).or_insert((standing.clone(), None));
            entry.0 = standing;
        });
    }

    pub(super) fn left(&self, key: &PartitionKey) {
        self.change(|state| state.partitions.remove(key));
        for metric in [MetricName::ConsumerLag, MetricName::ConsumerLagSeconds] {
            self.gauge(metric, key).set(0.0);
        }
    }

    /// Cheap: called after each batch.
    pub(super) fn progressed(&self, key: &PartitionKey, progress: Progress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = state.partitions.get_mut(key) {
            entry.1 = Some(progress);
        }
    }

    pub(super) fn positions(&self) -> Vec<(PartitionKey, Progress)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.partitions.iter().filter_map(|(key, (_, progress))| Some((key.clone(), (*progress)?))).collect()
    }

    /// Publishes the lag of one partition.
    pub(super) fn report_lag(&self, key: &PartitionKey, progress: Progress, high: i64, now_ms: i64) {
        let records = (high - progress.next).max(0);
        let behind_ms =
            if records == 0 || progress.append_ms == 0 { 0 } else { (now_ms - progress.append_ms).max(0) };
        self.gauge(MetricName::ConsumerLag, key).set(records as f64);
        self.gauge(MetricName::ConsumerLagSeconds, key).set(behind_ms as f64 / 1_000.0);
    }

    fn gauge(&self, metric: MetricName, key: &PartitionKey) -> metrics::Gauge {
        let partition = key.1.to_string();
        metric.gauge_of(&[("group", self.group), ("topic", &key.0), ("partition", &partition)])
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let mut counts = [("opening", 0_u32), ("running", 0), ("stopped", 0)];
        let mut stopped = Vec::new();
        let mut opening = Vec::new();
        for ((topic, partition), (standing, _)) in &state.partitions {
            match standing {
                Standing::Opening(reason) => {
                    counts[0].1 += 1;
                    opening.push(format!("{topic}/{partition}: {reason}"));
                }
                Standing::Running => counts[1].1 += 1,
                Standing::Stopped(reason) => {
                    counts[2].1 += 1;
                    stopped.push(format!("{topic}/{partition}: {reason}"));
                }
            }
        }
        for (name, count) in counts {
            MetricName::ConsumerPartitions
                .gauge_of(&[("group", self.group), ("state", name)])
                .set(f64::from(count));
        }
        if !stopped.is_empty() {
            self.latch.missing(format!("{} partition(s) stopped: {}", stopped.len(), stopped.join("; ")));
        } else if !state.assigned_once {
            self.latch.missing("waiting for the group's first assignment");
        } else if let Some(first) = opening.first() {
            self.latch.missing(format!("{} partition(s) opening, first {first}", opening.len()));
        } else {
            self.latch.ready();
        }
    }
}
