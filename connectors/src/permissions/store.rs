use sqlx::postgres::PgPool;
use uuid::Uuid;
use vendzz_runtime::postgres::{PostgresConfig, Session};
use vendzz_schemas::campaign::Channel;

use super::bulk::{self, Written};
use super::{AuditEntry, ConsentKey, Filter, Key, Listed, Reason};

/// Who makes a change; stands in the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 visible characters")]
pub struct ActorError;

impl Actor {
    /// A provider's report or an inbound message.
    pub fn webhook() -> Self {
        Self("webhook".to_owned())
    }

    pub fn unsubscribe_link() -> Self {
        Self("unsubscribe-link".to_owned())
    }

    /// A provider's answer to a send.
    pub fn sender() -> Self {
        Self("sender".to_owned())
    }

    pub fn api() -> Self {
        Self("api".to_owned())
    }

    /// An operator at the command line.
    pub fn cli(user: &str) -> Result<Self, ActorError> {
        let is_fine = |character: char| !character.is_control() && !character.is_whitespace();
        let length = user.chars().count();
        if length == 0 || length > 64 || !user.chars().all(is_fine) {
            return Err(ActorError);
        }
        Ok(Self(format!("cli:{user}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Consent and suppression in PostgreSQL. Every change and its audit entry are one transaction.
#[derive(Clone)]
pub struct Permissions {
    pool: PgPool,
    config: PostgresConfig,
}

impl Permissions {
    /// Connects lazily. `application` is the caller's name in `pg_stat_activity`.
    pub fn new(config: &PostgresConfig, application: &str) -> Self {
        Self { pool: config.pool(application), config: config.clone() }
    }

    async fn session(&self) -> sqlx::Result<Session> {
        Ok(Session::new(self.pool.acquire().await?, self.config.answer_within()))
    }

    async fn once<T>(
        &self,
        ask: impl AsyncFnOnce(&mut sqlx::PgConnection) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let mut session = self.session().await?;
        let answer = session.answered(ask).await?;
        session.release();
        Ok(answer)
    }

    /// Durable when it returns. Who is suppressed already stays so, with the first reason and time, and without
    /// a second audit entry.
    pub async fn suppress(&self, keys: &[(Key, Reason)], actor: &Actor) -> sqlx::Result<Written> {
        self.once(async |db| bulk::suppress(db, keys, actor).await).await
    }

    /// Whether there was a suppression to lift.
    pub async fn lift(&self, key: &Key, reason: Reason, actor: &Actor) -> sqlx::Result<bool> {
        let sql = "WITH lifted AS (
                DELETE FROM sending.suppressions WHERE account_id = $1 AND channel = $2 AND contact = $3
                RETURNING account_id, channel, contact
            )
            INSERT INTO sending.permission_audit (account_id, channel, contact, action, reason, actor)
            SELECT account_id, channel, contact, 'unsuppressed', $4, $5 FROM lifted";
        let query = sqlx::query(sql)
            .bind(&key.account_id)
            .bind(key.channel.name())
            .bind(key.contact.as_str())
            .bind(reason.word())
            .bind(actor.as_str());
        let done = self.once(async |db| query.execute(db).await).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Durable when it returns. A state that is recorded already stays as it is, with its source and time.
    pub async fn record_consents(&self, consents: &[ConsentKey], actor: &Actor) -> sqlx::Result<Written> {
        self.once(async |db| bulk::record_consents(db, consents, actor).await).await
    }

    pub async fn row<R: Listed>(&self, key: &Key) -> sqlx::Result<Option<R>> {
        let of_one = Filter {
            account_id: Some(key.account_id.clone()),
            channel: Some(key.channel),
            contact: Some(key.contact.as_str().to_owned()),
            after: None,
            limit: 1,
        };
        Ok(self.page(&of_one).await?.into_iter().next())
    }

    /// A page, in the order of account, channel and contact.
    pub async fn page<R: Listed>(&self, filter: &Filter) -> sqlx::Result<Vec<R>> {
        let (account, channel, contact) = filter.after.clone().unwrap_or_default();
        let query = sqlx::query_as(R::PAGE)
            .bind(&filter.account_id)
            .bind(filter.channel.map(Channel::name))
            .bind(&filter.contact)
            .bind(account)
            .bind(channel)
            .bind(contact)
            .bind(i64::from(filter.limit));
        self.once(async |db| query.fetch_all(db).await).await
    }

    /// Everything that was ever changed for a contact of an account, oldest first, behind the entry `after`.
    pub async fn audit(
        &self,
        account_id: &str,
        contact: &str,
        after: i64,
        limit: u32,
    ) -> sqlx::Result<Vec<AuditEntry>> {
        let sql = "SELECT entry, at, account_id, channel, contact, action, reason, actor
            FROM sending.permission_audit WHERE account_id = $1 AND contact = $2 AND entry > $3
            ORDER BY entry LIMIT $4";
        let query = sqlx::query_as(sql).bind(account_id).bind(contact).bind(after).bind(i64::from(limit));
        self.once(async |db| query.fetch_all(db).await).await
    }

    /// Acts upon an inbound message that is an opt-out word, once: the note that it was seen and the
    /// suppression are one transaction. `false` when it was acted upon before.
    ///
    /// `reference` is the provider's name for the message.
    pub async fn opt_out_once(&self, provider: &str, reference: &str, key: &Key) -> sqlx::Result<bool> {
        let mut session = self.session().await?;
        session.begin().await?;
        let outcome = session.answered(async |db| opt_out_within(db, provider, reference, key).await).await;
        match outcome {
            Ok(is_first) => {
                session.commit().await?;
                session.release();
                Ok(is_first)
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }

    /// Account, channel (as it is written) and recipient of a message in the ledger.
    pub async fn recipient_of(&self, message_id: Uuid) -> sqlx::Result<Option<(String, String, String)>> {
        let sql = "SELECT account_id, channel, recipient FROM sending.message_ledger WHERE message_id = $1";
        let query = sqlx::query_as(sql).bind(message_id);
        self.once(async |db| query.fetch_optional(db).await).await
    }
}

async fn opt_out_within(
    db: &mut sqlx::PgConnection,
    provider: &str,
    reference: &str,
    key: &Key,
) -> sqlx::Result<bool> {
    let sql = "INSERT INTO sending.inbound_messages (account_id, provider, reference) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    let noted =
        sqlx::query(sql).bind(&key.account_id).bind(provider).bind(reference).execute(&mut *db).await?;
    if noted.rows_affected() == 0 {
        return Ok(false);
    }
    bulk::suppress(db, &[(key.clone(), Reason::OptOut)], &Actor::webhook()).await?;
    Ok(true)
}
