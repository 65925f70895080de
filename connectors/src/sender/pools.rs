use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono_tz::Tz;
use vendzz_schemas::campaign::Channel;

use super::breaker::{self, Breaker, BreakerSettings, BreakerState, CallSign, Permit};
use super::bucket::Rate;
use crate::ledger::store::SenderChoice;
use crate::providers::{Provider, Senders};

/// (account, name)
type Key = (String, String);

/// What the checks ask of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct AccountRules {
    pub(super) time_zone: Tz,
    pub(super) consent_required: bool,
}

/// The pools of a channel, and the providers behind them.
pub(super) struct Pools {
    rules: BTreeMap<String, AccountRules>,
    pools: BTreeMap<Key, Vec<PoolSender>>,
    providers: BTreeMap<Key, Provider>,
    breakers: Mutex<BTreeMap<Key, Breaker>>,
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
        let settings = BreakerSettings { open_for: breaker_open, ..BreakerSettings::default() };
        let breakers = providers.keys().map(|key| (key.clone(), Breaker::new(settings))).collect();
        Ok(Self { rules, pools, providers, breakers: Mutex::new(breakers), resting: Mutex::default() })
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

    /// (account, pool) of every pool that has tokens, as far as is known, and of which some provider may be called now.
    pub(super) fn open(&self, now: Instant) -> Vec<&Key> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = |key: &Key| resting.get(key).is_some_and(|until| *until > now);
        let breakers = self.breakers();
        let may_call = |account: &str, sender: &PoolSender| {
            let key = (account.to_owned(), sender.choice.provider.clone());
            breakers.get(&key).is_some_and(|breaker| breaker.state(now) != BreakerState::Open)
        };
        self.pools
            .iter()
            .filter(|(key, senders)| !rests(key) && senders.iter().any(|sender| may_call(&key.0, sender)))
            .map(|(key, _)| key)
            .collect()
    }

    /// A pool's senders in the order in which this recipient wants them: always the same one first, so that a person
    /// hears from one number; those of a provider that is down, or that has just not taken the message, last or not
    /// at all.
    pub(super) fn order(
        &self,
        account_id: &str,
        pool: &str,
        recipient: &str,
        last_provider: Option<&str>,
        now: Instant,
    ) -> Vec<SenderChoice> {
        let Some(senders) = self.pools.get(&(account_id.to_owned(), pool.to_owned())) else {
            return Vec::new();
        };
        let breakers = self.breakers();
        let is_open = |sender: &&PoolSender| {
            let key = (account_id.to_owned(), sender.choice.provider.clone());
            breakers.get(&key).is_some_and(|breaker| breaker.state(now) != BreakerState::Open)
        };
        let first = vendzz_schemas::routing::partition_of(recipient.as_bytes(), senders.len().max(1) as i32);
        let turned = senders.iter().cycle().skip(first as usize).take(senders.len());
        let mut ordered: Vec<&PoolSender> = turned.filter(is_open).collect();
        ordered.sort_by_key(|sender| last_provider == Some(sender.choice.provider.as_str()));
        ordered.into_iter().map(|sender| sender.choice.clone()).collect()
    }

    /// Leave for one call; none while the provider's breaker is open, or its probe is under way.
    pub(super) fn permit(&self, account_id: &str, provider: &str, now: Instant) -> Option<Permit> {
        let mut breakers = self.breakers();
        match breakers.get_mut(&(account_id.to_owned(), provider.to_owned()))?.admit(now) {
            breaker::Admission::Call(permit) => Some(permit),
            breaker::Admission::NotBefore(_) => None,
        }
    }

    /// What a call came to. Says whether the provider's breaker has opened or closed by it.
    pub(super) fn record(
        &self,
        account_id: &str,
        provider: &str,
        permit: Permit,
        sign: CallSign,
        now: Instant,
    ) -> Option<BreakerState> {
        let mut breakers = self.breakers();
        let breaker = breakers.get_mut(&(account_id.to_owned(), provider.to_owned()))?;
        let before = breaker.state(now);
        breaker.record(permit, sign, now);
        let after = breaker.state(now);
        (before != after).then_some(after)
    }

    fn breakers(&self) -> MutexGuard<'_, BTreeMap<Key, Breaker>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
