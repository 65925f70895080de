//! Why providers did not take messages, as the log has it: no secret, and nothing of a message.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same is said again after so long.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// Different things that are remembered; more than these are not said.
const REMEMBERED: usize = 64;
/// Characters of a cause.
const LONGEST_CAUSE: usize = 300;

/// The troubles with one server, each said once in a minute at most.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    said: Mutex<BTreeMap<String, Instant>>,
}

impl Troubles {
    /// No answer came. `cause` must not repeat what a server said: that may be of a person.
    pub(super) fn no_answer(&self, host: &str, cause: &str) {
        if self.is_news(cause, Instant::now()) {
            tracing::warn!(host, cause, "a call to a provider was not answered");
        }
    }

    /// An answer that is no acceptance; the code is the provider's own.
    pub(super) fn not_accepted(&self, host: &str, status: u16, code: Option<u32>) {
        let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        if self.is_news(&format!("{status} {code}"), Instant::now()) {
            tracing::info!(host, status, code, "a provider did not accept a message");
        }
    }

    fn is_news(&self, what: &str, now: Instant) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| now.saturating_duration_since(*at) < AGAIN_AFTER);
        if said.len() >= REMEMBERED || said.contains_key(what) {
            return false;
        }
        said.insert(what.to_owned(), now);
        true
    }
}

/// An error with what caused it, as far as each says something new.
pub(super) fn cause_of(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text.chars().take(LONGEST_CAUSE).collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_trouble_is_said_once_in_a_minute_and_not_too_many_of_them() {
        let (troubles, start) = (Troubles::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(troubles.is_news("connection refused", start));
        assert!(!troubles.is_news("connection refused", after(59)));
        assert!(troubles.is_news("400 21211", after(59)));
        assert!(troubles.is_news("connection refused", after(60)));
        assert!(!troubles.is_news("400 21211", after(60)));
        let said = (0..1_000).filter(|code| troubles.is_news(&code.to_string(), after(70))).count();
        assert_eq!(said, REMEMBERED - 2);
    }

    #[test]
    fn a_cause_is_told_once_and_not_at_any_length() {
        let inner = io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate: Expired");
        let outer = io::Error::other(anyhow::Error::new(inner).context("tls"));
        assert_eq!(cause_of(&outer), "tls: invalid peer certificate: Expired");
        assert_eq!(cause_of(&io::Error::other("x".repeat(1_000))).len(), LONGEST_CAUSE);
    }
}
