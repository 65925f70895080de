use std::net::SocketAddr;
use std::time::Duration;

use vendzz_runtime::config::{Env, Profile};
use vendzz_runtime::http::BearerToken;
use vendzz_runtime::kafka::{KafkaConfig, ProducerSettings};

use super::lock::LockConfig;

/// A drain that takes longer is cut; the orchestrator kills after 30 s, the local stack after 20 s.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(18);
/// The most bytes of a body. A document may have fewer: it is then named as such.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;
/// From the head of a request to the end of its body.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// A body that is not complete this long after the drain began is not waited for.
pub(super) const BODY_DRAIN: Duration = Duration::from_secs(3);
/// Open connections at most; more wait in the kernel.
pub(super) const MAX_CONNECTIONS: usize = 256;
/// librdkafka looks for messages past their timeout once a second.
const TIMEOUT_SCAN: Duration = Duration::from_secs(1);

/// Everything that the admin API is told by its environment.
#[derive(Debug, Clone)]
pub struct AdminConfig {
    pub kafka: KafkaConfig,
    pub(super) profile: Profile,
    pub(super) addr: SocketAddr,
    pub(super) token: BearerToken,
    pub(super) lock: LockConfig,
    /// How long a change may take to read to their ends the topics that it is judged by.
    pub(super) read_timeout: Duration,
    /// After this long without an acknowledgement the outcome of a change is unknown.
    pub(super) message_timeout: Duration,
}

impl AdminConfig {
    pub fn read(env: &Env) -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8081));
        let addr = env.value("VENDZZ_ADMIN_ADDR", addr, "where the admin API is served");
        let config = Self {
            kafka: KafkaConfig::read(env),
            profile: Profile::read(env),
            addr,
            token: BearerToken::read(env, ("VENDZZ_ADMIN_ADDR", addr)),
            lock: LockConfig::read(env),
            read_timeout: env.span(
                "VENDZZ_ADMIN_READ_TIMEOUT",
                Duration::from_secs(2),
                "how long a change may take to read the definitions' topics to their ends",
            ),
            message_timeout: env.span(
                "VENDZZ_ADMIN_MESSAGE_TIMEOUT",
                Duration::from_secs(6),
                "how long Kafka may take to acknowledge a change; then its outcome is unknown",
            ),
        };
        config.check(env);
        config
    }

    /// The lock must outlive each step that is done under it (PostgreSQL ends a transaction that lies
    /// idle), and a whole change must fit into a drain.
    fn check(&self, env: &Env) {
        let delivery = self.message_timeout + TIMEOUT_SCAN;
        let held = ("VENDZZ_ADMIN_LOCK_IDLE", self.lock.idle);
        env.expect_less(("VENDZZ_ADMIN_READ_TIMEOUT", self.read_timeout), held);
        env.expect_less(("VENDZZ_ADMIN_MESSAGE_TIMEOUT + 1s", delivery), held);
        // Reading to the end happens before the change, and again when its outcome is unknown.
        let whole_change = BODY_DRAIN + self.lock.longest_wait() + 2 * self.read_timeout + delivery;
        env.expect_less(
            ("3s + lock wait + 2 x read timeout + message timeout + 1s", whole_change),
            ("the drain deadline", DRAIN_DEADLINE),
        );
    }

    pub(super) fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            name: "admin",
            linger: Duration::from_millis(1),
            queue_records: 1_000,
            queue_kbytes: 64 * 1024,
            message_timeout: self.message_timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes_of(pairs: &[(&str, &str)]) -> Vec<String> {
        let env = Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        AdminConfig::read(&env);
        env.finish().map(|_| Vec::new()).unwrap_or_else(|mistakes| mistakes.0)
    }

    #[test]
    fn a_token_is_all_that_must_be_given() {
        assert_eq!(mistakes_of(&[("VENDZZ_ADMIN_TOKEN", "short")]), Vec::<String>::new());
        let mistakes = mistakes_of(&[]);
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].contains("VENDZZ_ADMIN_TOKEN_FILE"), "{mistakes:?}");
    }

    #[test]
    fn timeouts_that_do_not_fit_into_each_other_are_all_named() {
        let mistakes = mistakes_of(&[
            ("VENDZZ_ADMIN_TOKEN", "short"),
            ("VENDZZ_ADMIN_READ_TIMEOUT", "11s"),
            ("VENDZZ_ADMIN_MESSAGE_TIMEOUT", "10s"),
        ]);
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    }

    #[test]
    fn a_short_token_is_taken_on_loopback_alone() {
        let public = ("VENDZZ_ADMIN_ADDR", "0.0.0.0:8081");
        let short = "x".repeat(31);
        assert_eq!(mistakes_of(&[public, ("VENDZZ_ADMIN_TOKEN", &short)]).len(), 1);
        let long = "x".repeat(32);
        assert_eq!(mistakes_of(&[public, ("VENDZZ_ADMIN_TOKEN", &long)]), Vec::<String>::new());
    }
}
