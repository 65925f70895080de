//! One change of a quiz or campaign at a time, over all processes: a PostgreSQL advisory lock on its id.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};
use vendzz_runtime::config::Env;

const MAX_CONNECTIONS: u32 = 16;
/// The server gives up first; this is for a server that does not answer.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);
/// `lock_not_available`: `lock_timeout` ran out.
const LOCK_NOT_AVAILABLE: &str = "55P03";

#[derive(Debug, Clone)]
pub(super) struct LockConfig {
    postgres: PostgresUrl,
    /// How long a change waits for another change of the same thing, and for a connection.
    pub(super) wait: Duration,
    /// `idle_in_transaction_session_timeout`: a holder that was frozen loses the lock after this.
    pub(super) idle: Duration,
}

impl LockConfig {
    pub(super) fn read(env: &Env) -> Self {
        Self {
            postgres: env.value(
                "VENDZZ_POSTGRES_URL",
                PostgresUrl::local(),
                "the PostgreSQL primary, postgres://user:password@host:port/database",
            ),
            wait: env.span(
                "VENDZZ_ADMIN_LOCK_WAIT",
                Duration::from_secs(2),
                "how long a change waits for another change of the same quiz or campaign",
            ),
            idle: env.span(
                "VENDZZ_ADMIN_LOCK_IDLE",
                Duration::from_secs(10),
                "how long a change may hold its lock without a sign of life",
            ),
        }
    }

    /// Until [`Locks::lock`] has answered.
    pub(super) fn longest_wait(&self) -> Duration {
        self.wait + ANSWER_MARGIN
    }
}

/// A connection URL whose password is never shown.
#[derive(Debug, Clone)]
struct PostgresUrl(PgConnectOptions);

#[derive(Debug, thiserror::Error)]
#[error("is not a URL such as postgres://user:password@host:5432/database")]
struct PostgresUrlError;

impl PostgresUrl {
    fn local() -> Self {
        let options = PgConnectOptions::new_without_pgpass();
        Self(options.host("127.0.0.1").port(15432).username("vendzz").database("vendzz"))
    }
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_: sqlx::Error| PostgresUrlError)
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, host, port) = (self.0.get_username(), self.0.get_host(), self.0.get_port());
        write!(formatter, "postgres://{user}@{host}:{port}/{}", self.0.get_database().unwrap_or(user))
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    /// Another change of the same thing is under way.
    #[error("locked by another change")]
    Busy,
    #[error("PostgreSQL is away: {0}")]
    Away(#[source] sqlx::Error),
    #[error("PostgreSQL does not answer")]
    Silent,
}

/// Where the locks are taken.
#[derive(Clone)]
pub(super) struct Locks {
    pool: PgPool,
    longest_wait: Duration,
}

impl Locks {
    /// Connects when the first lock is asked for.
    pub(super) fn new(config: &LockConfig) -> Self {
        let millis = |span: Duration| span.as_millis().to_string();
        let options = config.postgres.0.clone().application_name("vendzz-admin").options([
            ("lock_timeout", millis(config.wait)),
            ("statement_timeout", "5000".to_owned()),
            ("idle_in_transaction_session_timeout", millis(config.idle)),
            // So that a holder whose machine is gone does not keep its lock until the TCP default of hours,
            ("tcp_keepalives_idle", "5".to_owned()),
            ("tcp_keepalives_interval", "2".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            // and one that died while it waited is not given the lock.
            ("client_connection_check_interval", "1000".to_owned()),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(config.wait)
            .connect_lazy_with(options);
        Self { pool, longest_wait: config.longest_wait() }
    }

    /// Waits for the lock of an id. `topic` is the real name of the topic that the change goes into: what
    /// stands in different topics may change at the same time. Dropping the lock, or the end of this
    /// process, releases it.
    pub(super) async fn lock(&self, topic: &str, id: &str) -> Result<Lock, LockError> {
        let locking = async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(lock_key(topic, id))
                .execute(&mut *transaction)
                .await?;
            Ok(Lock { transaction })
        };
        match tokio::time::timeout(self.longest_wait, locking).await {
            Ok(outcome) => outcome.map_err(lock_error),
            Err(_) => Err(LockError::Silent),
        }
    }

    /// Whether PostgreSQL answers.
    pub(super) async fn check(&self) -> Result<(), LockError> {
        let asking = sqlx::query("SELECT 1").execute(&self.pool);
        match tokio::time::timeout(self.longest_wait, asking).await {
            Ok(outcome) => outcome.map(drop).map_err(lock_error),
            Err(_) => Err(LockError::Silent),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// The lock of one id, held by an open transaction.
pub(super) struct Lock {
    transaction: Transaction<'static, Postgres>,
}

impl Lock {
    /// Asks PostgreSQL whether the lock is still held, and starts its idle time anew. A process that
    /// was frozen for longer learns here that somebody else may hold it by now.
    pub(super) async fn confirm(&mut self) -> Result<(), LockError> {
        let asked = sqlx::query("SELECT 1").execute(&mut *self.transaction).await;
        asked.map(drop).map_err(LockError::Away)
    }

    pub(super) async fn release(self) {
        if let Err(error) = self.transaction.commit().await {
            // Then the connection is gone, and with it the lock.
            tracing::warn!(%error, "PostgreSQL was lost while a lock was held");
        }
    }
}

/// The key of `pg_advisory_xact_lock` for an id in a topic: the first 64 bits of a SHA-256. Two of the
/// same key merely wait for each other.
pub fn lock_key(topic: &str, id: &str) -> i64 {
    let digest: [u8; 32] = Sha256::digest(format!("{topic}/{id}")).into();
    digest[..8].iter().fold(0_i64, |key, byte| (key << 8) | i64::from(*byte))
}

fn lock_error(error: sqlx::Error) -> LockError {
    let code = error.as_database_error().and_then(|error| error.code());
    if code.as_deref() == Some(LOCK_NOT_AVAILABLE) { LockError::Busy } else { LockError::Away(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_neither_shown_nor_repeated_in_an_error() {
        let url: PostgresUrl = "postgres://vendzz:hunter2@db.internal:5432/vendzz".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://vendzz@db.internal:5432/vendzz");
        let error = "postgres://vendzz:hunter2@db.internal:port/vendzz".parse::<PostgresUrl>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn a_lock_belongs_to_an_id_in_a_topic() {
        assert_eq!(lock_key("quiz.definition.v1", "a"), lock_key("quiz.definition.v1", "a"));
        assert_ne!(lock_key("quiz.definition.v1", "a"), lock_key("quiz.definition.v1", "b"));
        assert_ne!(lock_key("quiz.definition.v1", "a"), lock_key("campaign.definition.v1", "a"));
        assert_ne!(lock_key("quiz.definition.v1", "a"), lock_key("t.quiz.definition.v1", "a"));
    }
}
