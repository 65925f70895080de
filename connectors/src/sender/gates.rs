//! Who may be called now: breakers of providers and of senders, and senders that were told to wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::{Admission, Breaker, BreakerSettings, BreakerState, CallSign, Permit};
use crate::providers::{NotTaken, NotTakenKind, Outcome};

/// (account, name)
pub(super) type Key = (String, String);

/// At a provider's word a sender rests no longer; then one looks again.
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// A sender and its provider, both of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) account_id: &'a str,
    pub(super) provider: &'a str,
    pub(super) sender_id: &'a str,
}

/// Leave for one call, of the provider and of the sender.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    provider: Permit,
    sender: Permit,
}

/// Breakers that have opened or closed, with what they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) provider: Option<BreakerState>,
    pub(super) sender: Option<BreakerState>,
}

pub(super) struct Gates(Mutex<Inner>);

struct Inner {
    settings: BreakerSettings,
    providers: BTreeMap<Key, Breaker>,
    senders: BTreeMap<Key, SenderGate>,
}

struct SenderGate {
    breaker: Breaker,
    rests_until: Option<Instant>,
}

impl Gates {
    pub(super) fn new(settings: BreakerSettings) -> Self {
        Self(Mutex::new(Inner { settings, providers: BTreeMap::new(), senders: BTreeMap::new() }))
    }

    /// Whether a message may go this way now; half open, for one probe.
    pub(super) fn state(&self, way: Way<'_>, now: Instant) -> BreakerState {
        self.inner().state(way, now)
    }

    /// Whether a message may be given this way now. When that is the probe, nobody else may until it has gone.
    pub(super) fn offer(&self, way: Way<'_>, now: Instant) -> bool {
        let mut inner = self.inner();
        if inner.state(way, now) == BreakerState::Open {
            return false;
        }
        inner.provider(way).offer(now);
        inner.sender(way).breaker.offer(now);
        true
    }

    /// Leave for one call; none while a breaker is open, or its probe is under way.
    pub(super) fn leave(&self, way: Way<'_>, now: Instant) -> Option<Leave> {
        let mut inner = self.inner();
        // Of both or of none: who is admitted must tell what came of it.
        let mut provider = inner.provider(way).clone();
        let Admission::Call(of_provider) = provider.admit(now) else { return None };
        let Admission::Call(of_sender) = inner.sender(way).breaker.admit(now) else { return None };
        *inner.provider(way) = provider;
        Some(Leave { provider: of_provider, sender: of_sender })
    }

    /// What a call came to.
    pub(super) fn record(&self, way: Way<'_>, leave: Leave, outcome: &Outcome, now: Instant) -> Changed {
        let mut inner = self.inner();
        let provider = record(inner.provider(way), leave.provider, CallSign::of_provider(outcome), now);
        let gate = inner.sender(way);
        let sender = record(&mut gate.breaker, leave.sender, CallSign::of_sender(outcome), now);
        if let Outcome::NotTaken(NotTaken { kind: NotTakenKind::Limit, retry_after: Some(asked), .. }) =
            outcome
        {
            let until = now + (*asked).min(LONGEST_REST);
            gate.rests_until = gate.rests_until.max(Some(until));
        }
        Changed { provider, sender }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn state(&self, way: Way<'_>, now: Instant) -> BreakerState {
        let state = |breaker: Option<&Breaker>| breaker.map_or(BreakerState::Closed, |it| it.state(now));
        let gate = self.senders.get(&key(way.account_id, way.sender_id));
        if gate.and_then(|gate| gate.rests_until).is_some_and(|until| now < until) {
            return BreakerState::Open;
        }
        let sender = state(gate.map(|gate| &gate.breaker));
        let provider = state(self.providers.get(&key(way.account_id, way.provider)));
        match (provider, sender) {
            (BreakerState::Open, _) | (_, BreakerState::Open) => BreakerState::Open,
            (BreakerState::HalfOpen, _) | (_, BreakerState::HalfOpen) => BreakerState::HalfOpen,
            (BreakerState::Closed, BreakerState::Closed) => BreakerState::Closed,
        }
    }

    fn provider(&mut self, way: Way<'_>) -> &mut Breaker {
        let breaker = self.providers.entry(key(way.account_id, way.provider));
        breaker.or_insert_with(|| Breaker::new(self.settings))
    }

    fn sender(&mut self, way: Way<'_>) -> &mut SenderGate {
        let gate = self.senders.entry(key(way.account_id, way.sender_id));
        gate.or_insert_with(|| SenderGate { breaker: Breaker::new(self.settings), rests_until: None })
    }
}

fn key(account_id: &str, name: &str) -> Key {
    (account_id.to_owned(), name.to_owned())
}

/// Says what the breaker is now when that is something else than before.
fn record(breaker: &mut Breaker, permit: Permit, sign: CallSign, now: Instant) -> Option<BreakerState> {
    let before = breaker.state(now);
    breaker.record(permit, sign, now);
    let after = breaker.state(now);
    (before != after).then_some(after)
}

#[cfg(test)]
#[path = "gates_tests.rs"]
mod tests;
