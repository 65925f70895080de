use std::time::Duration;

use crate::config::Env;

/// How one consumer group of ours reads.
#[derive(Debug, Clone)]
pub struct KernelConfig {
    /// Catalogue name of the group; its real name has the prefix of the namespace.
    pub group: &'static str,
    /// Catalogue names of the topics.
    pub topics: Vec<&'static str>,
    /// Catalogue name of the topic for dead letters.
    pub dead_letters: &'static str,
    /// `group.instance.id` (static membership): a restart within the session keeps its partitions.
    pub instance: Option<String>,
    pub session_timeout: Duration,
    pub max_poll_interval: Duration,
    /// A batch ends at whichever comes first.
    pub batch_records: usize,
    pub batch_bytes: usize,
    pub batch_linger: Duration,
    /// How long a fold may hold applied records in memory.
    pub flush_every: Duration,
    /// A revoke or a stop waits this long for partitions to drain, then drops them.
    pub drain_deadline: Duration,
    /// First and longest wait between two attempts of what failed.
    pub backoff_first: Duration,
    pub backoff_longest: Duration,
}

impl KernelConfig {
    pub fn read(
        env: &Env,
        group: &'static str,
        topics: Vec<&'static str>,
        dead_letters: &'static str,
    ) -> Self {
        let config = Self {
            group,
            topics,
            dead_letters,
            instance: env.optional("VENDZZ_INSTANCE", "group.instance.id, one for each running instance"),
            session_timeout: env.span(
                "VENDZZ_SESSION_TIMEOUT",
                Duration::from_secs(10),
                "a member silent this long loses its partitions",
            ),
            max_poll_interval: env.span(
                "VENDZZ_MAX_POLL_INTERVAL",
                Duration::from_secs(300),
                "longest time between two polls",
            ),
            batch_records: env.value("VENDZZ_BATCH_RECORDS", 1_000, "records in a batch at most"),
            batch_bytes: env.value(
                "VENDZZ_BATCH_BYTES",
                4 << 20,
                "bytes in a batch at most, but for its last record",
            ),
            batch_linger: env.span(
                "VENDZZ_BATCH_LINGER",
                Duration::from_millis(250),
                "a batch waits this long for more records",
            ),
            flush_every: env.span(
                "VENDZZ_FLUSH_EVERY",
                Duration::from_secs(2),
                "applied records are durable after this long",
            ),
            drain_deadline: env.span(
                "VENDZZ_DRAIN_DEADLINE",
                Duration::from_secs(5),
                "a revoked partition is dropped after this long",
            ),
            backoff_first: Duration::from_millis(100),
            backoff_longest: Duration::from_secs(5),
        };
        env.expect_less(
            ("VENDZZ_DRAIN_DEADLINE", config.drain_deadline),
            ("VENDZZ_SESSION_TIMEOUT", config.session_timeout),
        );
        env.expect_less(
            ("VENDZZ_SESSION_TIMEOUT", config.session_timeout),
            ("VENDZZ_MAX_POLL_INTERVAL", config.max_poll_interval),
        );
        if config.batch_records == 0 {
            env.mistake("VENDZZ_BATCH_RECORDS: must be at least 1");
        }
        config
    }
}
