use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Rset;
use tokio::time::{Instant, timeout};

use super::connect::Connector;
use crate::providers::Outcome;

/// As many as mails are under way in one worker.
const MOST_IDLE: usize = 50;
/// RFC 5321, 4.5.3.2.7: a server waits at least 5 minutes for a command; many wait less.
const IDLE_CONNECTIONS_LIVE: Duration = Duration::from_secs(30);
/// Many servers take no more over one connection.
const MAILS_A_CONNECTION: u32 = 100;
/// A connection that is half open answers nothing; most of the call's time is left for another.
const RESET_IS_ANSWERED: Duration = Duration::from_secs(2);
const GOODBYE: Duration = Duration::from_secs(2);

/// Connections between mails. RSET before the next mail both clears what the last one left and shows whether the
/// connection still lives; one that does not is replaced, and no harm done, since nothing of the mail was said.
pub(super) struct Pool {
    connector: Connector,
    idle: Mutex<Vec<Pooled>>,
}

pub(super) struct Pooled {
    pub(super) connection: AsyncSmtpConnection,
    idle_since: Instant,
    mails: u32,
}

impl Pool {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    pub(super) async fn connection(&self) -> Result<Pooled, Outcome> {
        while let Some(mut pooled) = self.take_idle() {
            if pooled.idle_since.elapsed() > IDLE_CONNECTIONS_LIVE {
                say_goodbye(pooled);
                continue;
            }
            let reset = timeout(RESET_IS_ANSWERED, pooled.connection.command(Rset)).await;
            if matches!(reset, Ok(Ok(reply)) if reply.has_code(250)) {
                return Ok(pooled);
            }
        }
        let connection = self.connector.open().await?;
        Ok(Pooled { connection, idle_since: Instant::now(), mails: 0 })
    }

    /// Takes back a connection over which all was answered.
    pub(super) fn put_back(&self, mut pooled: Pooled) {
        pooled.mails += 1;
        pooled.idle_since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if pooled.mails >= MAILS_A_CONNECTION || idle.len() >= MOST_IDLE {
            drop(idle);
            say_goodbye(pooled);
            return;
        }
        idle.push(pooled);
    }

    /// The last used first, so that those too many grow old.
    fn take_idle(&self) -> Option<Pooled> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    #[cfg(test)]
    pub(super) fn idle_connections(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// QUIT, as RFC 5321 (4.1.1.10) wishes; nobody waits for it.
fn say_goodbye(mut pooled: Pooled) {
    tokio::spawn(async move {
        // A server that does not answer is left as it is.
        let _ = timeout(GOODBYE, pooled.connection.quit()).await;
    });
}
