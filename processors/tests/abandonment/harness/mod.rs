//! What the tests stand on: an installation of their own, the processes, the log, a proxy.

mod events;
mod installation;
mod log;
mod process;
mod proxy;

use std::time::{Duration, Instant};

pub(crate) use events::{beacon, bot_beacon, minutes_ago, now_ms, response_id, submission_of};
pub(crate) use installation::{Decision, Installation};
pub(crate) use process::abandonment_binary;
pub(crate) use proxy::Proxy;

/// Long, since the machine may be busy; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(90);

/// Looks again and again until `look` gives something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
