use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::Env;

/// How much longer than the server's own limit an answer is waited for.
const ANSWER_SLACK: Duration = Duration::from_secs(3);

const LOCAL_URL: &str = "postgres://vendzz@127.0.0.1:15432/vendzz";

/// A PostgreSQL URL. Shown without its password.
#[derive(Clone)]
pub struct PostgresUrl(PgConnectOptions);

/// The URL itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a URL such as postgres://user:password@host:5432/database?sslmode=verify-full")]
pub struct PostgresUrlError;

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PgConnectOptions::from_str(text).map(Self).map_err(|_| PostgresUrlError)
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.0.get_database().unwrap_or_else(|| self.0.get_username());
        write!(
            formatter,
            "postgres://{}@{}:{}/{database}",
            self.0.get_username(),
            self.0.get_host(),
            self.0.get_port()
        )
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// How PostgreSQL is reached, and how long anything there may take.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    pub url: PostgresUrl,
    pub connections: u32,
    /// Wait for a free connection.
    pub acquire: Duration,
    /// The server ends a statement that takes longer.
    pub statement: Duration,
    /// The server ends a session that leaves a transaction open for longer, so that a frozen owner
    /// holds no lock for long.
    pub idle_in_transaction: Duration,
}

impl PostgresConfig {
    pub fn read(env: &Env) -> Self {
        let default = Self::at(LOCAL_URL.parse().expect("the default is a URL"));
        let config = Self {
            url: env.value("VENDZZ_POSTGRES_URL", default.url, "PostgreSQL, the primary"),
            connections: env.value(
                "VENDZZ_POSTGRES_CONNECTIONS",
                default.connections,
                "connections to PostgreSQL at most",
            ),
            acquire: env.span(
                "VENDZZ_POSTGRES_ACQUIRE_TIMEOUT",
                default.acquire,
                "wait for a connection to PostgreSQL",
            ),
            statement: env.span("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", default.statement, "one statement"),
            idle_in_transaction: env.span(
                "VENDZZ_POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT",
                default.idle_in_transaction,
                "a transaction left open by a frozen owner",
            ),
        };
        if config.connections == 0 {
            env.mistake("VENDZZ_POSTGRES_CONNECTIONS: must be at least 1");
        }
        env.expect_less(
            ("VENDZZ_POSTGRES_ACQUIRE_TIMEOUT", config.acquire),
            ("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", config.statement),
        );
        env.expect_less(
            ("VENDZZ_POSTGRES_STATEMENT_TIMEOUT", config.statement),
            ("VENDZZ_POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT", config.idle_in_transaction),
        );
        config
    }

    /// The defaults at another address.
    pub fn at(url: PostgresUrl) -> Self {
        Self {
            url,
            connections: 8,
            acquire: Duration::from_secs(2),
            statement: Duration::from_secs(5),
            idle_in_transaction: Duration::from_secs(10),
        }
    }

    /// What every session of ours asks of the server.
    pub fn session(&self, application: &str) -> PgConnectOptions {
        let millis = |duration: Duration| duration.as_millis().to_string();
        self.url.0.clone().application_name(application).options([
            ("statement_timeout", millis(self.statement)),
            ("idle_in_transaction_session_timeout", millis(self.idle_in_transaction)),
            // A peer that is gone without a word is noticed within seconds, and its locks are freed.
            ("tcp_keepalives_idle", "5".to_owned()),
            ("tcp_keepalives_interval", "2".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            ("tcp_user_timeout", millis(self.idle_in_transaction)),
        ])
    }

    /// After this long without an answer the server counts as gone.
    pub fn answer_within(&self) -> Duration {
        self.statement + ANSWER_SLACK
    }

    /// Connections of [`PostgresConfig::session`], made when they are needed. `application` is the
    /// service's name in `pg_stat_activity`.
    pub fn pool(&self, application: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.acquire)
            .connect_lazy_with(self.session(application))
    }

    /// For what may take long and is done once: migrations, comparisons.
    pub fn unhurried_session(&self, application: &str) -> PgConnectOptions {
        self.url.0.clone().application_name(application)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password_and_a_bad_one_is_not_repeated() {
        let url: PostgresUrl = "postgres://maria:hunter2@db.example:5433/vendzz".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://maria@db.example:5433/vendzz");
        assert_eq!(format!("{url:?}"), url.to_string());
        let env = Env::of([("VENDZZ_POSTGRES_URL".to_owned(), "postgres//hunter2".to_owned())]);
        PostgresConfig::read(&env);
        let mistakes = env.finish().unwrap_err().to_string();
        assert!(mistakes.contains("VENDZZ_POSTGRES_URL") && !mistakes.contains("hunter2"), "{mistakes}");
    }

    #[test]
    fn timeouts_that_do_not_fit_together_are_refused() {
        let env = Env::of([("VENDZZ_POSTGRES_STATEMENT_TIMEOUT".to_owned(), "10s".to_owned())]);
        PostgresConfig::read(&env);
        assert_eq!(env.finish().unwrap_err().0.len(), 1);
    }
}
