//! What the commands on the ledger and on permissions have in common: where PostgreSQL is, and what its errors mean.

use anyhow::anyhow;
use vendzz_connectors::permissions::Permissions;
use vendzz_runtime::config::Env;
use vendzz_runtime::postgres::PostgresConfig;

use crate::exit::{Away, Usage};

/// The command's name in `pg_stat_activity`.
pub(crate) const APPLICATION: &str = "vendzz";

/// SQLSTATE of a table, or a schema, that does not exist.
const UNKNOWN_TABLE: [&str; 2] = ["42P01", "3F000"];

pub(crate) struct Sending {
    pub(crate) config: PostgresConfig,
}

impl Sending {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let env = Env::process();
        let config = PostgresConfig::read(&env);
        env.finish().map_err(|mistakes| Usage(mistakes.to_string()))?;
        Ok(Self { config })
    }

    pub(crate) fn permissions(&self) -> Permissions {
        Permissions::new(&self.config, APPLICATION)
    }

    /// An error of PostgreSQL, with exit status 69 when it is away.
    pub(crate) fn failed(&self, error: sqlx::Error) -> anyhow::Error {
        let is_silent = matches!(
            &error,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_)
        );
        if is_silent {
            return Away {
                part: "PostgreSQL",
                address: self.config.url.to_string(),
                detail: error.to_string(),
                advice: "start it (`make up` starts the local one), or set VENDZZ_POSTGRES_URL",
            }
            .into();
        }
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        if code.is_some_and(|code| UNKNOWN_TABLE.contains(&code.as_str())) {
            return anyhow!("the tables of sending are not there: has vendzz-webhooks or a sender ever run?");
        }
        anyhow!(error).context("PostgreSQL refused")
    }
}
