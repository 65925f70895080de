use std::time::Duration;

use vendzz_runtime::config::Profile;
use vendzz_runtime::config::{Env, registry_url};
use vendzz_runtime::crash_point::CrashAt;
use vendzz_runtime::kafka::{KafkaConfig, ProducerSettings};
use vendzz_runtime::kernel::KernelConfig;
use vendzz_runtime::postgres::PostgresConfig;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::topics::{CAMPAIGN_DEFINITION, DLQ_SEND};

use super::CRASH_POINTS;
use crate::ledger::store::INTAKE_CRASH_POINTS;
use crate::providers::{CALL_TIMEOUT, Senders};
use crate::webhooks::{PublicUrl, UnsubscribeKey};

/// Consumer group of a channel, behind the prefix.
pub const fn group_of(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "send.sms",
        Channel::Email => "send.email",
        Channel::Whatsapp => "send.whatsapp",
        Channel::Voice => "send.voice",
    }
}

/// Calls that a worker has under way at most.
pub const fn in_flight_of(channel: Channel) -> usize {
    match channel {
        Channel::Sms => 100,
        Channel::Email => 50,
        Channel::Whatsapp => 30,
        Channel::Voice => 20,
    }
}

/// After SIGTERM: calls under way, their outcomes, their events.
pub const DRAIN: Duration = Duration::from_secs(25);

/// Everything that the worker of a channel is told by its environment.
#[derive(Debug, Clone)]
pub struct SenderConfig {
    pub channel: Channel,
    pub kafka: KafkaConfig,
    pub profile: Profile,
    pub kernel: KernelConfig,
    pub postgres: PostgresConfig,
    pub registry_url: String,
    /// Accounts' senders and their providers' secrets.
    pub senders: Senders,
    pub public_url: PublicUrl,
    /// For the links of e-mails; other channels have none.
    pub unsubscribe_key: Option<UnsubscribeKey>,
    pub in_flight: usize,
    /// A worker that is silent for so long has lost what it holds.
    pub lease: Duration,
    pub call_timeout: Duration,
    /// Between two looks at the ledger when nothing was due.
    pub poll_every: Duration,
    /// Between two sweeps of leases that ran out.
    pub sweep_every: Duration,
    /// Intake waits while so many rows may be leased and were not yet, shared evenly by the pools.
    pub backlog: u64,
    /// The longest wait after a first call that was not taken; doubles.
    pub retry_base: Duration,
    /// How long a provider's breaker stays open.
    pub breaker_open: Duration,
    /// From SIGTERM to SIGKILL.
    pub orchestrator_kill: Duration,
    pub crash_at: Option<CrashAt>,
}

impl SenderConfig {
    pub fn read(env: &Env, channel: Channel) -> Self {
        let points: Vec<&str> = CRASH_POINTS.iter().copied().chain(INTAKE_CRASH_POINTS.all()).collect();
        let config = Self {
            channel,
            kafka: KafkaConfig::read(env),
            profile: Profile::read(env),
            kernel: KernelConfig::read(
                env,
                group_of(channel),
                vec![channel.topic(), CAMPAIGN_DEFINITION],
                DLQ_SEND,
            ),
            postgres: PostgresConfig::read(env),
            registry_url: registry_url(env),
            senders: Senders::of_env(env),
            public_url: env.value(
                "VENDZZ_PUBLIC_URL",
                PublicUrl::local(),
                "where providers and recipients reach vendzz-webhooks",
            ),
            unsubscribe_key: (channel == Channel::Email).then(|| UnsubscribeKey::read(env)),
            in_flight: env.value("VENDZZ_IN_FLIGHT", in_flight_of(channel), "calls under way at most"),
            lease: env.span(
                "VENDZZ_LEASE",
                Duration::from_secs(30),
                "a worker silent for so long has lost what it holds",
            ),
            call_timeout: env.span("VENDZZ_CALL_TIMEOUT", CALL_TIMEOUT, "one call to a provider"),
            poll_every: env.span(
                "VENDZZ_LEDGER_POLL",
                Duration::from_millis(200),
                "pause between two looks at the ledger when nothing is due",
            ),
            sweep_every: env.span(
                "VENDZZ_LEDGER_SWEEP",
                Duration::from_secs(1),
                "pause between two sweeps of leases that ran out",
            ),
            backlog: env.value(
                "VENDZZ_LEDGER_BACKLOG",
                20_000,
                "intake waits while so many messages are due and unsent, each pool counted up to its share",
            ),
            retry_base: env.span(
                "VENDZZ_RETRY_BASE",
                Duration::from_secs(2),
                "longest wait after a first call that was not taken; doubles, with full jitter",
            ),
            breaker_open: env.span(
                "VENDZZ_BREAKER_OPEN",
                Duration::from_secs(10),
                "a provider that is down is not called for so long",
            ),
            orchestrator_kill: env.span(
                "VENDZZ_ORCHESTRATOR_KILL",
                Duration::from_secs(30),
                "from SIGTERM to SIGKILL, as the orchestrator has it",
            ),
            crash_at: CrashAt::read(env, &points),
        };
        config.check(env);
        config
    }

    fn check(&self, env: &Env) {
        if !(1..=10_000).contains(&self.in_flight) {
            env.mistake("VENDZZ_IN_FLIGHT: must be 1 to 10000");
        }
        if self.backlog == 0 {
            env.mistake("VENDZZ_LEDGER_BACKLOG: must be at least 1");
        }
        // Between the commit of `sending` and the answer's commit lie the call and two statements.
        let one_call = (
            "VENDZZ_CALL_TIMEOUT + 2 × VENDZZ_POSTGRES_STATEMENT_TIMEOUT",
            self.call_timeout + self.postgres.statement * 2,
        );
        env.expect_less(one_call, ("VENDZZ_LEASE", self.lease));
        env.expect_less(one_call, ("the drain's deadline", DRAIN));
        env.expect_less(
            ("the drain's deadline", DRAIN),
            ("VENDZZ_ORCHESTRATOR_KILL", self.orchestrator_kill),
        );
        env.expect_less(("VENDZZ_LEDGER_SWEEP", self.sweep_every), ("VENDZZ_LEASE", self.lease));
    }

    pub(super) fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            name: "sender",
            linger: Duration::from_millis(5),
            queue_records: 20_000,
            queue_kbytes: 1 << 18,
            message_timeout: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, &str)]) -> String {
        let env = Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        SenderConfig::read(&env, Channel::Sms);
        env.finish().map_or_else(|mistakes| mistakes.0.join("\n"), |_| String::new())
    }

    #[test]
    fn a_call_ends_within_the_drain_and_the_drain_before_the_kill() {
        let drain = "VENDZZ_CALL_TIMEOUT + 2 × VENDZZ_POSTGRES_STATEMENT_TIMEOUT (26s) must be less than the drain's deadline (25s)";
        let found = mistakes(&[("VENDZZ_CALL_TIMEOUT", "16s"), ("VENDZZ_LEASE", "60s")]);
        assert!(found.contains(drain), "{found}");
        let found = mistakes(&[("VENDZZ_ORCHESTRATOR_KILL", "25s")]);
        assert!(
            found.contains("the drain's deadline (25s) must be less than VENDZZ_ORCHESTRATOR_KILL (25s)"),
            "{found}"
        );
        let found = mistakes(&[]);
        assert!(!found.contains("drain"), "{found}");
    }
}
