//! Named points at which a process ends itself as if it had been killed: a test aid, with which the
//! fault suite hits the moments that random kills seldom find. Off unless `VENDZZ_CRASH_AT` names one.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Env;

/// Where a process ends itself: the point's name and how many times it must be reached, `name` or
/// `name:N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashAt {
    name: String,
    times: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a crash point such as state.before_commit or state.before_commit:3")]
pub struct CrashAtError;

struct Armed {
    at: CrashAt,
    reached: AtomicU64,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Marks a crash point: where [`CrashAt::arm`] was called with its name, the process is aborted when
/// it gets here for the N-th time. Nothing is flushed, no destructor runs.
pub fn crash_point(name: &'static str) {
    let Some(armed) = ARMED.get() else { return };
    if armed.at.name != name {
        return;
    }
    if armed.reached.fetch_add(1, Ordering::SeqCst) + 1 == armed.at.times {
        tracing::error!(crash_point = name, "ending here, as VENDZZ_CRASH_AT says");
        std::process::abort();
    }
}

impl CrashAt {
    /// What the environment asks for; `points` are the names that this service has.
    pub fn read(env: &Env, points: &[&str]) -> Option<Self> {
        let at: Option<Self> = env.optional(
            "VENDZZ_CRASH_AT",
            "test aid: abort at this named point, name or name:N (reached N times)",
        );
        if let Some(at) = &at
            && !points.contains(&at.name.as_str())
        {
            env.mistake(format!(
                "VENDZZ_CRASH_AT: there is no such point here; there are {}",
                points.join(", ")
            ));
        }
        at
    }

    /// From now on the point is live. The first call of a process counts.
    pub fn arm(self) {
        tracing::warn!(crash_point = %self, "this process will end itself at a crash point");
        ARMED.get_or_init(|| Armed { at: self, reached: AtomicU64::new(0) });
    }
}

impl FromStr for CrashAt {
    type Err = CrashAtError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, times) = match text.split_once(':') {
            Some((name, times)) => (name, times.parse().map_err(|_| CrashAtError)?),
            None => (text, 1),
        };
        if name.is_empty() || times == 0 {
            return Err(CrashAtError);
        }
        Ok(Self { name: name.to_owned(), times })
    }
}

impl fmt::Display for CrashAt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.name, self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_name_and_how_often() {
        for (text, shown) in [("state.before_commit", "state.before_commit:1"), ("a.b:3", "a.b:3")] {
            assert_eq!(text.parse::<CrashAt>().unwrap().to_string(), shown);
        }
        for bad in ["", ":2", "a:0", "a:x", "a:"] {
            assert_eq!(bad.parse::<CrashAt>(), Err(CrashAtError), "{bad}");
        }
    }

    #[test]
    fn a_name_that_the_service_does_not_have_is_a_mistake() {
        let env = Env::of([("VENDZZ_CRASH_AT".to_owned(), "state.typo".to_owned())]);
        CrashAt::read(&env, &["state.before_commit"]);
        assert!(env.finish().is_err());
    }

    #[test]
    fn an_unarmed_point_does_nothing() {
        crash_point("state.before_commit");
    }
}
