//! Every setting of the edge, one struct a concern.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use vendzz_runtime::config::{Env, Profile};
use vendzz_runtime::kafka::{KafkaConfig, ProducerSettings};

use super::client::{Rate, TrustedProxies};

/// A drain may take this long; the process is cut afterwards (DESIGN section 11).
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(15);

/// No machine has use for more threads that serve connections.
const MAX_WORKERS: usize = 256;

#[derive(Debug, Clone)]
pub struct EdgeConfig {
    pub kafka: KafkaConfig,
    pub is_production: bool,
    pub listen: ListenConfig,
    pub admission: AdmissionConfig,
    pub times: Times,
    pub ids: IdTimes,
    pub limits: Limits,
    pub producers: Producers,
    pub snapshot: SnapshotConfig,
}

/// The public port.
#[derive(Debug, Clone)]
pub struct ListenConfig {
    pub address: SocketAddr,
    pub trusted_proxies: TrustedProxies,
    /// Threads that serve connections.
    pub workers: usize,
    pub max_connections: usize,
    /// Concurrent requests of one HTTP/2 connection.
    pub max_streams: u32,
    /// From the first byte of a request to the end of its head.
    pub header_timeout: Duration,
    /// A connection on which nothing happens is closed after this.
    pub idle_timeout: Duration,
}

/// How much is worked on at once.
#[derive(Debug, Clone)]
pub struct AdmissionConfig {
    pub max_requests: usize,
    pub max_body_kib: usize,
}

/// The lines on time (DESIGN section 11).
#[derive(Debug, Clone)]
pub struct Times {
    pub body: Duration,
    pub request: Duration,
    pub message: Duration,
    pub drain_body: Duration,
    pub drain_flush: Duration,
}

/// S, V, D and L of DESIGN section 4.
#[derive(Debug, Clone)]
pub struct IdTimes {
    pub ahead: Duration,
    pub epoch_max_age: Duration,
}

#[derive(Debug, Clone)]
pub struct Limits {
    pub submissions: Rate,
    pub views: Rate,
    pub progress: Rate,
    /// Submissions a second from which on a quiz counts as flooded.
    pub hot_quiz_per_second: u64,
}

#[derive(Debug, Clone)]
pub struct Producers {
    pub submissions: ProducerSettings,
    pub views: ProducerSettings,
}

#[derive(Debug, Clone)]
pub struct SnapshotConfig {
    /// `None`: no snapshot is written or read.
    pub folder: Option<PathBuf>,
    pub every: Duration,
    /// How long Kafka may be silent at the start before the snapshot is used.
    pub use_after: Duration,
}

impl EdgeConfig {
    pub fn read(env: &Env) -> Self {
        let times = Times::read(env);
        Self {
            kafka: KafkaConfig::read(env),
            is_production: Profile::read(env).is_production(),
            listen: ListenConfig::read(env),
            admission: AdmissionConfig::read(env),
            producers: Producers::read(env, times.message),
            times,
            ids: IdTimes::read(env),
            limits: Limits::read(env),
            snapshot: SnapshotConfig::read(env),
        }
    }
}

impl ListenConfig {
    fn read(env: &Env) -> Self {
        let config = Self {
            address: env.value(
                "VENDZZ_EDGE_ADDR",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "where the public port listens",
            ),
            trusted_proxies: env.value(
                "VENDZZ_TRUSTED_PROXIES",
                TrustedProxies::default(),
                "networks whose X-Forwarded-For and CF-IPCountry are taken, comma between",
            ),
            workers: env.value("VENDZZ_EDGE_WORKERS", default_workers(), "threads that serve connections"),
            max_connections: env.value("VENDZZ_EDGE_CONNECTIONS", 10_000, "open connections at most"),
            max_streams: env.value(
                "VENDZZ_EDGE_STREAMS",
                128,
                "concurrent requests of one HTTP/2 connection",
            ),
            header_timeout: env.span(
                "VENDZZ_EDGE_HEADER_TIMEOUT",
                Duration::from_secs(5),
                "for the head of a request",
            ),
            idle_timeout: env.span(
                "VENDZZ_EDGE_IDLE_TIMEOUT",
                Duration::from_secs(75),
                "for a connection without requests",
            ),
        };
        if config.trusted_proxies.include_loopback() && !config.address.ip().is_loopback() {
            env.mistake(format!(
                "VENDZZ_TRUSTED_PROXIES includes this machine itself, while VENDZZ_EDGE_ADDR ({}) is open to others",
                config.address
            ));
        }
        if !(1..=MAX_WORKERS).contains(&config.workers) {
            env.mistake(format!("VENDZZ_EDGE_WORKERS: must be 1 to {MAX_WORKERS}"));
        }
        let (header, idle) = (config.header_timeout, config.idle_timeout);
        env.expect_less(("VENDZZ_EDGE_HEADER_TIMEOUT", header), ("VENDZZ_EDGE_IDLE_TIMEOUT", idle));
        config
    }
}

/// Half of the cores: Kafka's client needs about as much again for the same submissions.
fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2))
}

impl AdmissionConfig {
    fn read(env: &Env) -> Self {
        Self {
            max_requests: env.value("VENDZZ_EDGE_REQUESTS", 4_096, "requests worked on at once"),
            max_body_kib: env.value(
                "VENDZZ_EDGE_BODY_MEMORY_KIB",
                65_536,
                "KiB that the bodies of these may take together",
            ),
        }
    }
}

impl Times {
    fn read(env: &Env) -> Self {
        let seconds = Duration::from_secs;
        let times = Self {
            body: env.span("VENDZZ_EDGE_BODY_TIMEOUT", seconds(5), "for the body of a request"),
            request: env.span("VENDZZ_EDGE_REQUEST_TIMEOUT", seconds(10), "for the append of a submission"),
            message: env.span(
                "VENDZZ_MESSAGE_TIMEOUT",
                seconds(8),
                "until Kafka must have acknowledged a record",
            ),
            drain_body: env.span(
                "VENDZZ_DRAIN_BODY",
                seconds(3),
                "after SIGTERM, for bodies that are on their way",
            ),
            drain_flush: env.span(
                "VENDZZ_DRAIN_FLUSH",
                seconds(2),
                "after SIGTERM, for the producers' queues",
            ),
        };
        let client_retry =
            env.span("VENDZZ_CLIENT_RETRY", seconds(20), "after which the quiz page sends once more");
        let kill = env.span(
            "VENDZZ_ORCHESTRATOR_KILL",
            seconds(30),
            "from SIGTERM to SIGKILL, as the orchestrator has it",
        );
        let whole = times.body + times.request;
        env.expect_less(
            ("VENDZZ_MESSAGE_TIMEOUT", times.message),
            ("VENDZZ_EDGE_REQUEST_TIMEOUT", times.request),
        );
        env.expect_less(("body and request timeout", whole), ("VENDZZ_CLIENT_RETRY", client_retry));
        let drain = times.drain_body + times.message + times.drain_flush;
        env.expect_less(
            ("VENDZZ_DRAIN_BODY + VENDZZ_MESSAGE_TIMEOUT + VENDZZ_DRAIN_FLUSH", drain),
            ("the drain's deadline", DRAIN_DEADLINE),
        );
        env.expect_less(("the drain's deadline", DRAIN_DEADLINE), ("VENDZZ_ORCHESTRATOR_KILL", kill));
        times
    }
}

impl IdTimes {
    fn read(env: &Env) -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let ahead = env.span("VENDZZ_ID_AHEAD", minutes(5), "S: how far ahead of our clock an id may be");
        let epoch_max_age =
            env.span("VENDZZ_EPOCH_MAX_AGE", minutes(5), "V: how old what is known of the epochs may be");
        let clock_difference = env.span("VENDZZ_CLOCK_DIFFERENCE", minutes(1), "D: between our machines");
        let lead = env.span("VENDZZ_EPOCH_LEAD", minutes(15), "L: from an epoch's announcement to its begin");
        let sum = ahead + epoch_max_age + clock_difference;
        env.expect_less(
            ("VENDZZ_ID_AHEAD + VENDZZ_EPOCH_MAX_AGE + VENDZZ_CLOCK_DIFFERENCE", sum),
            ("VENDZZ_EPOCH_LEAD", lead),
        );
        Self { ahead, epoch_max_age }
    }
}

impl Limits {
    fn read(env: &Env) -> Self {
        let limits = Self {
            submissions: Rate {
                per_minute: env.value(
                    "VENDZZ_LIMIT_SUBMISSIONS_PER_MINUTE",
                    50,
                    "submissions of one client network",
                ),
                burst: env.value(
                    "VENDZZ_LIMIT_SUBMISSIONS_BURST",
                    500,
                    "submissions of one client network at once",
                ),
            },
            views: Rate {
                per_minute: env.value("VENDZZ_LIMIT_VIEWS_PER_MINUTE", 1_000, "views of one client network"),
                burst: env.value("VENDZZ_LIMIT_VIEWS_BURST", 5_000, "views of one client network at once"),
            },
            // Three beacons for each of the submissions.
            progress: Rate {
                per_minute: env.value(
                    "VENDZZ_LIMIT_PROGRESS_PER_MINUTE",
                    150,
                    "progress beacons of one client network",
                ),
                burst: env.value(
                    "VENDZZ_LIMIT_PROGRESS_BURST",
                    1_500,
                    "progress beacons of one client network at once",
                ),
            },
            hot_quiz_per_second: env.value(
                "VENDZZ_HOT_QUIZ_PER_SECOND",
                1_000,
                "submissions of one quiz from which on bots are judged strictly and it is shed early",
            ),
        };
        let counts = [
            limits.submissions.per_minute,
            limits.submissions.burst,
            limits.views.per_minute,
            limits.views.burst,
            limits.progress.per_minute,
            limits.progress.burst,
        ];
        if counts.contains(&0) {
            env.mistake("VENDZZ_LIMIT_…: a rate and a burst must be 1 at least");
        }
        limits
    }
}

impl Producers {
    fn read(env: &Env, message_timeout: Duration) -> Self {
        let settings = |name, linger, queue_records, queue_kbytes| ProducerSettings {
            name,
            linger,
            queue_records,
            queue_kbytes,
            message_timeout,
        };
        let submissions = env.value("VENDZZ_SUBMISSION_QUEUE", 20_000, "submissions that may wait for Kafka");
        let views =
            env.value("VENDZZ_VIEW_QUEUE", 100_000, "views and progress beacons that may wait for Kafka");
        let submission_linger = env.span(
            "VENDZZ_SUBMISSION_LINGER",
            Duration::from_millis(10),
            "a submission waits this long for others of its partition",
        );
        let view_linger = env.span(
            "VENDZZ_VIEW_LINGER",
            Duration::from_millis(20),
            "a view or a progress beacon waits this long for others of its partition",
        );
        env.expect_less(
            ("VENDZZ_SUBMISSION_LINGER", submission_linger),
            ("VENDZZ_MESSAGE_TIMEOUT", message_timeout),
        );
        env.expect_less(("VENDZZ_VIEW_LINGER", view_linger), ("VENDZZ_MESSAGE_TIMEOUT", message_timeout));
        Self {
            submissions: settings("submissions", submission_linger, submissions, 131_072),
            views: settings("views", view_linger, views, 65_536),
        }
    }
}

impl SnapshotConfig {
    fn read(env: &Env) -> Self {
        let folder: Option<String> = env.optional(
            "VENDZZ_EDGE_SNAPSHOT_DIR",
            "folder of the snapshot that an edge starts from without Kafka",
        );
        Self {
            folder: folder.map(PathBuf::from),
            every: env.span(
                "VENDZZ_EDGE_SNAPSHOT_EVERY",
                Duration::from_secs(60),
                "how often the snapshot is written",
            ),
            use_after: env.span(
                "VENDZZ_EDGE_SNAPSHOT_AFTER",
                Duration::from_secs(5),
                "silence of Kafka at the start after which the snapshot is used",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
        let env = Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        EdgeConfig::read(&env);
        env.finish().map(|_| Vec::new()).unwrap_or_else(|mistakes| mistakes.0)
    }

    #[test]
    fn the_defaults_hold_every_inequality() {
        assert_eq!(mistakes(&[]), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for (pairs, word) in [
            (
                vec![("VENDZZ_TRUSTED_PROXIES", "127.0.0.1"), ("VENDZZ_EDGE_ADDR", "0.0.0.0:8080")],
                "VENDZZ_TRUSTED_PROXIES",
            ),
            (vec![("VENDZZ_EDGE_REQUEST_TIMEOUT", "8s")], "VENDZZ_MESSAGE_TIMEOUT"),
            (vec![("VENDZZ_EDGE_REQUEST_TIMEOUT", "15s")], "VENDZZ_CLIENT_RETRY"),
            (vec![("VENDZZ_DRAIN_BODY", "5s")], "drain's deadline"),
            (vec![("VENDZZ_ORCHESTRATOR_KILL", "15s")], "VENDZZ_ORCHESTRATOR_KILL"),
            (vec![("VENDZZ_EPOCH_LEAD", "11m")], "VENDZZ_EPOCH_LEAD"),
            (vec![("VENDZZ_LIMIT_VIEWS_BURST", "0")], "VENDZZ_LIMIT"),
            (vec![("VENDZZ_LIMIT_PROGRESS_PER_MINUTE", "0")], "VENDZZ_LIMIT"),
            (vec![("VENDZZ_PROFILE", "staging")], "VENDZZ_PROFILE"),
            (vec![("VENDZZ_EDGE_HEADER_TIMEOUT", "80s")], "VENDZZ_EDGE_IDLE_TIMEOUT"),
        ] {
            let mistakes = mistakes(&pairs);
            assert!(mistakes.len() == 1 && mistakes[0].contains(word), "{pairs:?}: {mistakes:?}");
        }
        assert!(
            mistakes(&[("VENDZZ_TRUSTED_PROXIES", "127.0.0.1"), ("VENDZZ_EDGE_ADDR", "[::1]:8080")])
                .is_empty()
        );
    }
}
