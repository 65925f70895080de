//! Ready means that every part has let go of its latch; a drain makes a process unready again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// The parts of a process and what each is waiting for.
#[derive(Clone, Default)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    parts: BTreeMap<String, Part>,
    draining: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Ready,
    Degraded(String),
    Missing(String),
}

/// The body of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// `ready`, `degraded` (serves, with less than all its parts), `unready` or `draining`.
    pub status: &'static str,
    /// What keeps the process from being ready: part → reason.
    pub missing: BTreeMap<String, String>,
    /// What the process goes on without: part → reason.
    pub degraded: BTreeMap<String, String>,
}

impl Readiness {
    /// Whether traffic may be sent here.
    pub fn is_ready(&self) -> bool {
        self.status == "ready" || self.status == "degraded"
    }
}

impl Health {
    /// A part that the process is not ready without, until its latch is released.
    pub fn latch(&self, part: impl Into<String>, reason: impl Into<String>) -> Latch {
        let latch = Latch { health: self.clone(), part: part.into() };
        latch.missing(reason);
        latch
    }

    /// From now on `/readyz` says no.
    pub fn drain(&self) {
        self.with(|state| state.draining = true);
    }

    pub fn readiness(&self) -> Readiness {
        self.with(|state| {
            let mut missing = BTreeMap::new();
            let mut degraded = BTreeMap::new();
            for (name, part) in &state.parts {
                match part {
                    Part::Ready => {}
                    Part::Degraded(reason) => drop(degraded.insert(name.clone(), reason.clone())),
                    Part::Missing(reason) => drop(missing.insert(name.clone(), reason.clone())),
                }
            }
            // Probes are answered before the service has said what it is made of.
            if state.parts.is_empty() {
                missing.insert("service".to_owned(), "starting".to_owned());
            }
            let status = match (state.draining, missing.is_empty(), degraded.is_empty()) {
                (true, _, _) => "draining",
                (false, false, _) => "unready",
                (false, true, false) => "degraded",
                (false, true, true) => "ready",
            };
            Readiness { status, missing, degraded }
        })
    }

    fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, name: &str, part: Part) {
        let changed =
            self.with(|state| state.parts.insert(name.to_owned(), part.clone()).as_ref() != Some(&part));
        if !changed {
            return;
        }
        match part {
            Part::Ready => tracing::info!(part = name, "part is ready"),
            Part::Degraded(reason) => tracing::warn!(part = name, reason, "part is degraded"),
            Part::Missing(reason) => tracing::info!(part = name, reason, "part is not ready"),
        }
    }
}

/// One part's say in readiness.
#[derive(Clone)]
pub struct Latch {
    health: Health,
    part: String,
}

impl Latch {
    pub fn ready(&self) {
        self.health.set(&self.part, Part::Ready);
    }

    /// The process goes on, with less.
    pub fn degraded(&self, reason: impl Into<String>) {
        self.health.set(&self.part, Part::Degraded(reason.into()));
    }

    pub fn missing(&self, reason: impl Into<String>) {
        self.health.set(&self.part, Part::Missing(reason.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_every_part_is_and_never_while_draining() {
        let health = Health::default();
        assert_eq!(health.readiness().status, "unready", "nothing is known yet");
        let kafka = health.latch("kafka", "not connected");
        let definitions = health.latch("definitions", "not read to the end");
        assert_eq!(health.readiness().status, "unready");
        kafka.ready();
        assert_eq!(health.readiness().missing.keys().collect::<Vec<_>>(), ["definitions"]);
        definitions.degraded("from the snapshot");
        assert_eq!(health.readiness().status, "degraded");
        assert!(health.readiness().is_ready());
        definitions.ready();
        assert_eq!(health.readiness().status, "ready");
        health.drain();
        assert!(!health.readiness().is_ready());
    }
}
