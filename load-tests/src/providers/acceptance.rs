use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::accepted::{Accepted, AcceptedLine};
use super::credentials::Credentials;
use super::faults::{Decision, Fate, Faults};
use super::reports::{Reports, Subject};
use super::requests::Answer;

/// A request that is never answered is held no longer, whatever its client does.
const DEAD_FOR: Duration = Duration::from_secs(300);

/// What all connections share.
pub(super) struct State {
    pub(super) credentials: Credentials,
    pub(super) accepted: Accepted,
    pub(super) reports: Reports,
    pub(super) faults: watch::Sender<Arc<Faults>>,
    /// Whether `refuseConnections` could be taken back.
    pub(super) has_control_address: bool,
    /// Where Meta's reports go, `{account}` and `{provider}` yet to be filled in.
    pub(super) meta_webhook: Option<String>,
    pub(super) rng: Mutex<StdRng>,
    answered: Mutex<BTreeMap<String, u64>>,
    /// Why this simulator can go on no longer.
    broken: Mutex<Option<String>>,
    stop: CancellationToken,
}

/// What a request comes to.
pub(super) enum Reply {
    Answer(Answer),
    /// The connection is closed instead.
    Cut(&'static str),
}

impl State {
    pub(super) fn new(
        credentials: Credentials,
        accepted: Accepted,
        faults: Faults,
        seed: u64,
        stop: CancellationToken,
    ) -> Self {
        let (faults, seen) = watch::channel(Arc::new(faults));
        Self {
            credentials,
            accepted,
            reports: Reports::new(seen, seed, stop.clone()),
            faults,
            has_control_address: false,
            meta_webhook: None,
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            answered: Mutex::default(),
            broken: Mutex::default(),
            stop,
        }
    }

    /// Decides what becomes of a request, and takes the time that it is to take before anything happens.
    pub(super) async fn decide(&self, key: &str) -> Decision {
        let faults = self.faults.borrow().clone();
        let decision = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            faults.decide(key, &mut *rng)
        };
        if !decision.latency.is_zero() {
            tokio::time::sleep(decision.latency).await;
        }
        if decision.fate == Fate::Dead {
            tokio::time::sleep(DEAD_FOR).await;
        }
        decision
    }

    /// Accepts: into the journal first, then the reports begin, and only then the client learns of it.
    pub(super) async fn accept(
        &self,
        line: &AcceptedLine,
        subject: Option<Subject>,
        decision: &Decision,
        answer: Answer,
    ) -> Reply {
        if let Err(error) = self.accepted.accept(line) {
            self.break_down(format!("the journal cannot be written: {error}"));
            return Reply::Cut("broken");
        }
        self.reports.begin(subject);
        if !decision.slow.is_zero() {
            tokio::time::sleep(decision.slow).await;
        }
        match decision.fate {
            Fate::CutAfter => Reply::Cut("cutAfter"),
            _ => Reply::Answer(answer),
        }
    }

    pub(super) fn count(&self, reply: &Reply) {
        let key = match reply {
            Reply::Answer(answer) => answer.status.as_u16().to_string(),
            Reply::Cut(how) => (*how).to_owned(),
        };
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    /// `GET /journal/summary`.
    pub(super) fn summary(&self) -> serde_json::Value {
        let mut summary = json!(self.accepted.summary());
        summary["answered"] = json!(*self.answered.lock().unwrap_or_else(PoisonError::into_inner));
        summary
    }

    /// Without a journal nothing may be accepted: ends the simulator with an error.
    fn break_down(&self, why: String) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.stop.cancel();
    }

    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
