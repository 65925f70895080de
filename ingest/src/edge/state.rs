use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use vendzz_runtime::kafka::Follower;

use super::client::{NetworkLimiter, TrustedProxies};
use super::http::{Admission, BodyLimits};
use super::log::{AddressKeys, EventLog};
use super::metrics::EdgeMetrics;
use super::quizzes::DefinitionStore;

/// What every request shares.
pub struct Edge {
    pub definitions: Arc<DefinitionStore>,
    pub definitions_follower: Follower,
    pub log: EventLog,
    pub address_keys: AddressKeys,
    pub proxies: TrustedProxies,
    pub submission_limiter: NetworkLimiter,
    pub view_limiter: NetworkLimiter,
    pub progress_limiter: NetworkLimiter,
    pub hot_quiz_per_second: u64,
    pub admission: Admission,
    pub body_limits: BodyLimits,
    /// For the append of a submission, from the moment in which it was read.
    pub request_timeout: Duration,
    /// How far ahead of our clock an id may be, in milliseconds.
    pub id_ahead_ms: i64,
    pub metrics: EdgeMetrics,
    pub(super) serving: AtomicBool,
}

impl Edge {
    /// Whether quizzes are known: from the log, or from the snapshot.
    pub fn is_serving(&self) -> bool {
        self.serving.load(Ordering::Relaxed)
    }

    pub fn start_serving(&self) {
        self.serving.store(true, Ordering::Relaxed);
    }
}
