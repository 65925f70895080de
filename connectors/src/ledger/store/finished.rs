//! The statements that look whether a response is finished, in the version of the state projection that is live.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vendzz_runtime::postgres::{Schema, Session, live_version};

use super::LedgerStore;
use crate::planted::in_statement;

/// Name of the state projection in `public.read_model`.
const PROJECTION: &str = "state";
/// Another version may have become the live one since it was asked for.
const ASK_AGAIN: Duration = Duration::from_secs(5);

const LEASE: &str = concat!(
    include_str!("../sql/lease.sql"),
    include_str!("../sql/take_due.sql"),
    include_str!("../sql/facts.sql")
);
const LEASE_LATE: &str = concat!(
    include_str!("../sql/lease_late.sql"),
    include_str!("../sql/take_due.sql"),
    include_str!("../sql/facts.sql")
);
const BEGIN_SENDING: &str = include_str!("../sql/begin_sending.sql");

/// Shared by all clones of a store.
#[derive(Clone, Default)]
pub(super) struct LiveStatements(Arc<Mutex<Option<Asked>>>);

#[derive(Clone)]
struct Asked {
    at: Instant,
    version: Schema,
    statements: Arc<Statements>,
}

/// Of one version.
pub(super) struct Statements {
    pub(super) lease: Arc<str>,
    pub(super) lease_late: Arc<str>,
    pub(super) begin_sending: Arc<str>,
}

impl Statements {
    fn of(version: &Schema) -> Self {
        let of_version = |sql: &str| -> Arc<str> { sql.replace("$STATE", &version.to_string()).into() };
        let taking = |sql: &str, token: &str, lease_ms: &str| {
            of_version(&sql.replace("$TOKEN", token).replace("$LEASE_MS", lease_ms))
        };
        Self {
            lease: taking(LEASE, "$5", "$6"),
            lease_late: taking(LEASE_LATE, "$3", "$4"),
            begin_sending: of_version(&in_statement(BEGIN_SENDING)),
        }
    }
}

impl LiveStatements {
    /// Asks by a session without a transaction, seldom. An error where no version is live.
    pub(super) async fn get(&self, session: &mut Session) -> sqlx::Result<Arc<Statements>> {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(asked) = before.as_ref().filter(|asked| asked.at.elapsed() < ASK_AGAIN) {
            return Ok(asked.statements.clone());
        }
        let at = Instant::now();
        let version = session
            .answered(async |db| live_version(db, PROJECTION).await)
            .await?
            .ok_or_else(|| sqlx::Error::Configuration("no version of the state projection is live".into()))?;
        let version: Schema = version.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let statements = match before {
            Some(asked) if asked.version == version => asked.statements,
            _ => Arc::new(Statements::of(&version)),
        };
        let asked = Asked { at, version, statements: statements.clone() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        Ok(statements)
    }
}

impl LedgerStore {
    /// Whether the state projector has made its tables, in which finished responses are looked up.
    pub async fn has_projection(&self) -> sqlx::Result<bool> {
        let mut session = self.session().await?;
        let is_there = session
            .answered(async |db| {
                let Some(version) = live_version(&mut *db, PROJECTION).await? else { return Ok(false) };
                sqlx::query_scalar("SELECT to_regclass(quote_ident($1) || '.quiz_responses') IS NOT NULL")
                    .bind(version)
                    .fetch_one(db)
                    .await
            })
            .await?;
        session.release();
        Ok(is_there)
    }
}
