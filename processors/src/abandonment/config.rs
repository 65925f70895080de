use std::time::Duration;

use vendzz_runtime::config::{Env, Profile};
use vendzz_runtime::crash_point::CrashAt;
use vendzz_runtime::kafka::{KafkaConfig, ProducerSettings};
use vendzz_runtime::postgres::PostgresConfig;

use super::CRASH_POINTS;

/// librdkafka looks for messages past their timeout once a second.
const TIMEOUT_SCAN: Duration = Duration::from_secs(1);

/// Who gave a contact and is not seen for so long has left.
pub fn abandon_after(env: &Env) -> Duration {
    env.span(
        "VENDZZ_ABANDON_AFTER",
        Duration::from_mins(30),
        "who gave a contact and is not seen for so long has left",
    )
}

/// Everything that the abandonment processor is told by its environment.
#[derive(Debug, Clone)]
pub struct AbandonmentConfig {
    pub kafka: KafkaConfig,
    pub profile: Profile,
    pub postgres: PostgresConfig,
    /// Who is not seen for so long has left.
    pub abandon_after: Duration,
    /// Pause between two sweeps.
    pub sweep_every: Duration,
    /// Rows of one statement, and announcements of one transaction, at most.
    pub batch: u32,
    /// Statements of each kind in one sweep at most, so that a sweep ends.
    pub batches_per_sweep: u32,
    /// How long Kafka may take to say where a partition ends.
    pub ask_timeout: Duration,
    /// After this long without an acknowledgement an announcement is sent again.
    pub message_timeout: Duration,
    pub crash_at: Option<CrashAt>,
}

impl AbandonmentConfig {
    pub fn read(env: &Env) -> Self {
        let config = Self {
            kafka: KafkaConfig::read(env),
            profile: Profile::read(env),
            postgres: PostgresConfig::read(env),
            abandon_after: abandon_after(env),
            sweep_every: env.span(
                "VENDZZ_ABANDON_SWEEP",
                Duration::from_secs(5),
                "pause between two looks for who has left",
            ),
            batch: env.value(
                "VENDZZ_ABANDON_BATCH",
                500,
                "rows of one statement, announcements of one transaction at most",
            ),
            batches_per_sweep: env.value(
                "VENDZZ_ABANDON_BATCHES_PER_SWEEP",
                100,
                "statements of each kind in one look at most",
            ),
            ask_timeout: env.span(
                "VENDZZ_ABANDON_ASK_TIMEOUT",
                Duration::from_secs(2),
                "how long Kafka may take to say where a partition ends",
            ),
            message_timeout: env.span(
                "VENDZZ_ABANDON_MESSAGE_TIMEOUT",
                Duration::from_secs(5),
                "how long Kafka may take to acknowledge an announcement; then it is sent again",
            ),
            crash_at: CrashAt::read(env, CRASH_POINTS),
        };
        config.check(env);
        config
    }

    fn check(&self, env: &Env) {
        for (name, number) in [
            ("VENDZZ_ABANDON_BATCH", self.batch),
            ("VENDZZ_ABANDON_BATCHES_PER_SWEEP", self.batches_per_sweep),
        ] {
            if !(1..=10_000).contains(&number) {
                env.mistake(format!("{name}: must be 1 to 10000"));
            }
        }
        env.expect_less(
            ("VENDZZ_ABANDON_SWEEP", self.sweep_every),
            ("VENDZZ_ABANDON_AFTER", self.abandon_after),
        );
        // Announcements are sent within the transaction that marks them.
        env.expect_less(
            ("VENDZZ_ABANDON_MESSAGE_TIMEOUT + 1s", self.message_timeout + TIMEOUT_SCAN),
            ("VENDZZ_POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT", self.postgres.idle_in_transaction),
        );
    }

    pub(super) fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            name: "abandonment",
            linger: Duration::from_millis(5),
            // More than a batch, so that it is never full.
            queue_records: 20_000,
            queue_kbytes: 1 << 20,
            message_timeout: self.message_timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes_of(pairs: &[(&str, &str)]) -> Vec<String> {
        let env = Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        AbandonmentConfig::read(&env);
        env.finish().map(|_| Vec::new()).unwrap_or_else(|mistakes| mistakes.0)
    }

    #[test]
    fn the_defaults_fit_together() {
        assert_eq!(mistakes_of(&[]), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        for (name, value) in [
            ("VENDZZ_ABANDON_AFTER", "5s"),
            ("VENDZZ_ABANDON_SWEEP", "30m"),
            ("VENDZZ_ABANDON_MESSAGE_TIMEOUT", "9s"),
            ("VENDZZ_ABANDON_BATCH", "0"),
            ("VENDZZ_ABANDON_BATCHES_PER_SWEEP", "10001"),
            ("VENDZZ_CRASH_AT", "abandonment.nowhere"),
        ] {
            let mistakes = mistakes_of(&[(name, value)]);
            assert_eq!(mistakes.len(), 1, "{name}: {mistakes:?}");
            assert!(mistakes[0].contains(name), "{mistakes:?}");
        }
    }
}
