use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;
use vendzz_runtime::config::{Env, Profile, Secret, registry_url};
use vendzz_runtime::crash_point::CrashAt;
use vendzz_runtime::kafka::{KafkaConfig, ProducerSettings};
use vendzz_runtime::kernel::KernelConfig;
use vendzz_schemas::topics;

use super::{CRASH_POINTS, GROUP};

/// A lead key shorter than this could be guessed.
const MIN_LEAD_KEY_BYTES: usize = 32;

/// From which append time on records are followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitFrom {
    All,
    /// Milliseconds since 1970 (UTC).
    Millis(i64),
}

impl EmitFrom {
    /// Whether a record appended at this time, milliseconds since 1970 (UTC), is followed up.
    pub fn allows(self, append_ms: i64) -> bool {
        match self {
            Self::All => true,
            Self::Millis(from) => append_ms >= from,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not `all`, a time such as 2026-01-31T12:00:00-03:00, or milliseconds since 1970")]
pub struct EmitFromError;

impl FromStr for EmitFrom {
    type Err = EmitFromError;

    fn from_str(text: &str) -> Result<Self, EmitFromError> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Ok(millis) = text.parse() {
            return Ok(Self::Millis(millis));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|moment| Self::Millis(moment.timestamp_millis()))
            .map_err(|_| EmitFromError)
    }
}

impl fmt::Display for EmitFrom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("all"),
            Self::Millis(millis) => millis.fmt(formatter),
        }
    }
}

/// How campaigns are known in time.
#[derive(Debug, Clone, Copy)]
pub struct NoticeConfig {
    /// A version of a campaign is in force this long after its append at the earliest.
    pub notice: Duration,
    /// Fan-out pauses when it has not compared itself with the ends of the definition topics for this long.
    pub in_step: Duration,
    /// D: by how much clocks (of brokers, of services) may differ.
    pub clock_difference: Duration,
}

impl NoticeConfig {
    pub fn read(env: &Env) -> Self {
        let config = Self {
            notice: env.span(
                "VENDZZ_CAMPAIGN_NOTICE",
                Duration::from_secs(90),
                "a version of a campaign is in force this long after its append; the same for all services",
            ),
            in_step: env.span(
                "VENDZZ_FANOUT_IN_STEP",
                Duration::from_secs(10),
                "fan-out pauses when it has not reached the ends of the definition topics for this long",
            ),
            clock_difference: env.span(
                "VENDZZ_CLOCK_DIFFERENCE",
                Duration::from_secs(60),
                "by how much the clocks of brokers and services may differ",
            ),
        };
        env.expect_less(
            ("VENDZZ_FANOUT_IN_STEP + VENDZZ_CLOCK_DIFFERENCE", config.in_step + config.clock_difference),
            ("VENDZZ_CAMPAIGN_NOTICE", config.notice),
        );
        config
    }

    /// Milliseconds.
    pub fn notice_ms(&self) -> i64 {
        millis(self.notice)
    }

    /// Milliseconds.
    pub fn clock_difference_ms(&self) -> i64 {
        millis(self.clock_difference)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Everything that fan-out is told by its environment.
#[derive(Debug, Clone)]
pub struct FanoutConfig {
    pub kafka: KafkaConfig,
    pub profile: Profile,
    pub kernel: KernelConfig,
    pub registry_url: String,
    pub notice: NoticeConfig,
    /// W: a resend is recognised this long after the first copy.
    pub dedupe_window: Duration,
    /// Needed for a partition without a committed offset.
    pub emit_from: Option<EmitFrom>,
    /// Of [`vendzz_schemas::ids::account_key`].
    pub lead_key: Secret,
    /// Compiled versions of quizzes and campaigns that are kept.
    pub compiled_versions: u64,
    /// After this long without an acknowledgement a batch is sent again.
    pub message_timeout: Duration,
    pub linger: Duration,
    pub crash_at: Option<CrashAt>,
}

impl FanoutConfig {
    pub fn read(env: &Env) -> Self {
        let topics = vec![topics::QUIZ_SUBMISSION, topics::QUIZ_ABANDONED];
        let config = Self {
            kafka: KafkaConfig::read(env),
            profile: Profile::read(env),
            kernel: KernelConfig::read(env, GROUP, topics, topics::DLQ_FANOUT),
            registry_url: registry_url(env),
            notice: NoticeConfig::read(env),
            dedupe_window: env.span(
                "VENDZZ_DEDUPE_WINDOW",
                Duration::from_mins(15),
                "W: a resend of a response is recognised within this time",
            ),
            emit_from: env.optional(
                "VENDZZ_FANOUT_EMIT_FROM",
                "records appended before make no messages: all, RFC 3339 or milliseconds; needed when no offset is committed",
            ),
            lead_key: read_lead_key(env),
            compiled_versions: env.value(
                "VENDZZ_FANOUT_COMPILED",
                10_000,
                "compiled versions of quizzes, and of campaigns, kept in memory",
            ),
            message_timeout: env.span(
                "VENDZZ_FANOUT_MESSAGE_TIMEOUT",
                Duration::from_secs(10),
                "how long Kafka may take to acknowledge a message; then its batch is sent again",
            ),
            linger: env.span(
                "VENDZZ_FANOUT_LINGER",
                Duration::from_millis(5),
                "messages wait this long for others of their partition",
            ),
            crash_at: CrashAt::read(env, CRASH_POINTS),
        };
        if config.compiled_versions == 0 {
            env.mistake("VENDZZ_FANOUT_COMPILED: must be at least 1");
        }
        env.expect_less(
            ("VENDZZ_FANOUT_MESSAGE_TIMEOUT", config.message_timeout),
            ("VENDZZ_MAX_POLL_INTERVAL", config.kernel.max_poll_interval),
        );
        config
    }

    pub fn producer(&self) -> ProducerSettings {
        ProducerSettings {
            name: "fanout",
            linger: self.linger,
            queue_records: 100_000,
            queue_kbytes: 128 << 10,
            message_timeout: self.message_timeout,
        }
    }
}

/// From `VENDZZ_LEAD_KEY`, or else from the file that `VENDZZ_LEAD_KEY_FILE` names. There is no default: with
/// another key every contact would get another id.
fn read_lead_key(env: &Env) -> Secret {
    let given =
        env.secret("VENDZZ_LEAD_KEY", "secret from which the ids of contacts are made; wins over the file");
    let file: Option<String> = env.optional(
        "VENDZZ_LEAD_KEY_FILE",
        "file that holds the secret from which the ids of contacts are made",
    );
    let key = match (given, file) {
        (Some(key), _) => key,
        (None, Some(path)) => match std::fs::read_to_string(&path) {
            Ok(text) => Secret::new(text.trim()),
            Err(error) => {
                env.mistake(format!("VENDZZ_LEAD_KEY_FILE: cannot read {path}: {error}"));
                return Secret::new("");
            }
        },
        (None, None) => {
            env.mistake("VENDZZ_LEAD_KEY or VENDZZ_LEAD_KEY_FILE: one of them is needed");
            return Secret::new("");
        }
    };
    if key.reveal().len() < MIN_LEAD_KEY_BYTES {
        env.mistake(format!("the lead key must have {MIN_LEAD_KEY_BYTES} bytes at least"));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, &str)]) -> Vec<String> {
        let env = Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        FanoutConfig::read(&env);
        env.finish().err().map(|mistakes| mistakes.0).unwrap_or_default()
    }

    const KEY: (&str, &str) = ("VENDZZ_LEAD_KEY", "0123456789abcdef0123456789abcdef");

    #[test]
    fn the_defaults_fit_together_and_only_the_lead_key_has_none() {
        assert_eq!(mistakes(&[KEY]), Vec::<String>::new());
        assert_eq!(mistakes(&[]), ["VENDZZ_LEAD_KEY or VENDZZ_LEAD_KEY_FILE: one of them is needed"]);
        let short = mistakes(&[("VENDZZ_LEAD_KEY", "hunter2")]);
        assert_eq!(short, ["the lead key must have 32 bytes at least"]);
        let away = mistakes(&[("VENDZZ_LEAD_KEY_FILE", "/nowhere/lead-key")]);
        assert!(away[0].contains("/nowhere/lead-key"), "{away:?}");
    }

    #[test]
    fn a_campaign_must_be_known_before_it_is_in_force() {
        let refused = mistakes(&[KEY, ("VENDZZ_CAMPAIGN_NOTICE", "70s")]);
        assert_eq!(
            refused,
            [
                "VENDZZ_FANOUT_IN_STEP + VENDZZ_CLOCK_DIFFERENCE (70s) must be less than VENDZZ_CAMPAIGN_NOTICE (70s)"
            ]
        );
        assert!(mistakes(&[KEY, ("VENDZZ_CAMPAIGN_NOTICE", "71s")]).is_empty());
    }

    #[test]
    fn a_moment_is_a_word_a_date_or_milliseconds() {
        for (text, expected) in [
            ("all", EmitFrom::All),
            ("1767225600000", EmitFrom::Millis(1_767_225_600_000)),
            ("2026-01-01T00:00:00Z", EmitFrom::Millis(1_767_225_600_000)),
            ("2025-12-31T21:00:00-03:00", EmitFrom::Millis(1_767_225_600_000)),
        ] {
            assert_eq!(text.parse(), Ok(expected));
            assert_eq!(expected.to_string().parse(), Ok(expected));
        }
        for bad in ["", "now", "2026-01-01", "1e9"] {
            assert_eq!(bad.parse::<EmitFrom>(), Err(EmitFromError), "{bad}");
        }
        assert!(EmitFrom::Millis(5).allows(5) && !EmitFrom::Millis(5).allows(4));
    }
}
