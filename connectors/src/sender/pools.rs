use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono_tz::Tz;
use vendzz_schemas::campaign::Channel;

use super::breaker::{BreakerSettings, BreakerState};
use super::bucket::Rate;
use super::gates::{Gates, Key, Way};
use crate::ledger::store::SenderChoice;
use crate::providers::{Provider, Senders};

/// A call ends within its timeout and a second; a probe has as much again.
const PROBE_SLACK: Duration = Duration::from_secs(2);

/// What the checks ask of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct AccountRules {
    pub(super) time_zone: Tz,
    pub(super) consent_required: bool,
}

/// A pool that may be sent by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenPool<'a> {
    pub(super) account_id: &'a str,
    pub(super) pool: &'a str,
    /// All its providers were down: one message may try whether they still are.
    pub(super) is_probe: bool,
    /// Messages that the tokens of its senders can ever be enough for at once.
    pub(super) burst: u64,
}

impl OpenPool<'_> {
    /// How many of its rows are worth a lease with so many free slots: what finds no token is only moved to and fro.
    pub(super) fn room(&self, slots: usize) -> u64 {
        if self.is_probe { 1 } else { self.burst.min(slots as u64) }
    }
}

/// The pools of a channel, and the providers behind them.
pub(super) struct Pools {
    rules: BTreeMap<String, AccountRules>,
    pools: BTreeMap<Key, Vec<PoolSender>>,
    providers: BTreeMap<Key, Provider>,
    gates: Gates,
    /// Pools whose senders have no tokens until then: leasing their rows would only move them to and fro.
    resting: Mutex<BTreeMap<Key, Instant>>,
}

#[derive(Debug, Clone)]
pub(super) struct PoolSender {
    pub(super) choice: SenderChoice,
    /// The sender's address at its provider.
    pub(super) address: String,
}

impl Pools {
    pub(super) fn of(
        senders: &Senders,
        channel: Channel,
        call_timeout: Duration,
        breaker_open: Duration,
    ) -> anyhow::Result<Self> {
        let mut rules = BTreeMap::new();
        let mut providers = BTreeMap::new();
        for (account_id, account) in senders.accounts() {
            let consent_required = account.consent_required.contains(&channel);
            rules.insert(
                account_id.to_owned(),
                AccountRules { time_zone: account.time_zone, consent_required },
            );
            for (name, settings) in account.providers.iter().filter(|(_, settings)| settings.carries(channel))
            {
                let provider = Provider::for_account(settings, call_timeout)
                    .with_context(|| format!("provider {name} of account {account_id}"))?;
                providers.insert((account_id.to_owned(), name.clone()), provider);
            }
        }
        let mut pools = BTreeMap::new();
        for (account_id, of_channel, pool, members) in senders.pools() {
            if of_channel != channel {
                continue;
            }
            let mut pool_senders = Vec::new();
            for sender in members {
                let rate = Rate::new(sender.per_second, sender.burst)
                    .with_context(|| format!("sender {} of account {account_id}", sender.id))?;
                let choice = SenderChoice { id: sender.id.clone(), provider: sender.provider.clone(), rate };
                pool_senders.push(PoolSender { choice, address: sender.address.clone() });
            }
            pools.insert((account_id.to_owned(), pool.to_owned()), pool_senders);
        }
        let gates = Gates::new(BreakerSettings {
            open_for: breaker_open,
            probe_for: breaker_open.max(call_timeout + PROBE_SLACK),
            ..BreakerSettings::default()
        });
        Ok(Self { rules, pools, providers, gates, resting: Mutex::default() })
    }

    pub(super) fn gates(&self) -> &Gates {
        &self.gates
    }

    pub(super) fn rules(&self, account_id: &str) -> Option<AccountRules> {
        self.rules.get(account_id).copied()
    }

    pub(super) fn is_known(&self, account_id: &str, pool: &str) -> bool {
        self.pools.contains_key(&(account_id.to_owned(), pool.to_owned()))
    }

    pub(super) fn provider(&self, account_id: &str, name: &str) -> Option<&Provider> {
        self.providers.get(&(account_id.to_owned(), name.to_owned()))
    }

    pub(super) fn sender(&self, account_id: &str, pool: &str, sender_id: &str) -> Option<&PoolSender> {
        let pool = self.pools.get(&(account_id.to_owned(), pool.to_owned()))?;
        pool.iter().find(|sender| sender.choice.id == sender_id)
    }

    /// Leaves a pool alone for a while.
    pub(super) fn rest(&self, account_id: &str, pool: &str, wait: Duration) {
        let until = Instant::now() + wait;
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.insert((account_id.to_owned(), pool.to_owned()), until);
    }

    /// Every pool that has tokens, as far as is known, and of which some sender may be called now.
    pub(super) fn open(&self, now: Instant) -> Vec<OpenPool<'_>> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = |key: &Key| resting.get(key).is_some_and(|until| *until > now);
        let mut open = Vec::new();
        for (key, senders) in self.pools.iter().filter(|(key, _)| !rests(key)) {
            let states: Vec<_> =
                senders.iter().map(|sender| self.gates.state(sender.way(&key.0), now)).collect();
            if states.iter().any(|state| *state != BreakerState::Open) {
                let is_probe = !states.contains(&BreakerState::Closed);
                let burst = senders.iter().map(|sender| u64::from(sender.choice.rate.burst())).sum();
                open.push(OpenPool { account_id: &key.0, pool: &key.1, is_probe, burst });
            }
        }
        open
    }

    /// A pool's senders in the order in which this recipient wants them: always the same one first, so that a person
    /// hears from one number; those by which the message has just not been taken last, the same provider's before
    /// the same. Who is down is left out. Of a provider or a sender that was down, one message at a time is the probe.
    pub(super) fn order(
        &self,
        account_id: &str,
        pool: &str,
        recipient: &str,
        last: LastCall<'_>,
        now: Instant,
    ) -> Vec<SenderChoice> {
        let Some(senders) = self.pools.get(&(account_id.to_owned(), pool.to_owned())) else {
            return Vec::new();
        };
        let first = vendzz_schemas::routing::partition_of(recipient.as_bytes(), senders.len().max(1) as i32);
        let mut ordered: Vec<&PoolSender> =
            senders.iter().cycle().skip(first as usize).take(senders.len()).collect();
        ordered.sort_by_key(|sender| {
            let is_of_last_provider = last.provider == Some(sender.choice.provider.as_str());
            (is_of_last_provider, last.sender_id == Some(sender.choice.id.as_str()))
        });
        ordered.retain(|sender| self.gates.offer(sender.way(account_id), now));
        ordered.into_iter().map(|sender| sender.choice.clone()).collect()
    }
}

/// By whom a message was called for last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LastCall<'a> {
    pub(super) provider: Option<&'a str>,
    pub(super) sender_id: Option<&'a str>,
}

impl PoolSender {
    pub(super) fn way<'a>(&'a self, account_id: &'a str) -> Way<'a> {
        Way { account_id, provider: &self.choice.provider, sender_id: &self.choice.id }
    }
}

#[cfg(test)]
#[path = "pools_tests.rs"]
mod tests;
