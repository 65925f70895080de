use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;
use vendzz_schemas::events::CampaignMessage;

use super::finished::Statements;
use super::{LedgerStore, millis};

/// Class of the advisory locks of leases ("vdzz" + 1); the second number is the channel.
const LEASE_LOCK: i32 = 1_986_296_443;

/// How many rows of a pool may be taken now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRoom {
    pub account_id: String,
    pub sender_pool: String,
    pub room: i64,
}

/// A row under this worker's lease, with what the checks need to know of it.
#[derive(Debug, Clone)]
pub struct LeasedRow {
    pub message_id: Uuid,
    /// Of this lease.
    pub token: Uuid,
    pub message: CampaignMessage,
    /// Calls so far.
    pub attempt: i32,
    /// Provider of the last call.
    pub provider: Option<String>,
    /// Sender of the last call.
    pub sender_id: Option<String>,
    pub unless_sent: Option<Uuid>,
    /// The database's clock.
    pub now: DateTime<Utc>,
    pub suppressed: bool,
    /// `granted` or `withdrawn`.
    pub consent: Option<String>,
    pub finished: bool,
    /// State of the message that `unless_sent` names; none when the ledger has none.
    pub earlier_state: Option<String>,
    pub campaign_state: Option<String>,
    /// When the recipient was written to on this channel by this account.
    pub recent: Vec<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Record {
    message_id: Uuid,
    message: String,
    attempt: i32,
    provider: Option<String>,
    sender_id: Option<String>,
    unless_sent: Option<Uuid>,
    now: DateTime<Utc>,
    suppressed: bool,
    consent: Option<String>,
    finished: bool,
    earlier_state: Option<String>,
    campaign_state: Option<String>,
    recent: Vec<DateTime<Utc>>,
}

impl LedgerStore {
    /// Takes what is due under `token` for `lease`: of each pool at most its room, the oldest first, and `limit` rows in
    /// all, the pools in turn. Of many campaigns none gives much more than its share.
    pub async fn lease(
        &self,
        pools: &[PoolRoom],
        limit: i64,
        token: Uuid,
        lease: Duration,
    ) -> sqlx::Result<Vec<LeasedRow>> {
        self.take(token, async |db, statements| {
            sqlx::query_as(AssertSqlSafe(statements.lease.clone()))
                .bind(self.channel.name())
                .bind(pools.iter().map(|pool| pool.account_id.as_str()).collect::<Vec<_>>())
                .bind(pools.iter().map(|pool| pool.sender_pool.as_str()).collect::<Vec<_>>())
                .bind(pools.iter().map(|pool| pool.room).collect::<Vec<_>>())
                .bind(token)
                .bind(millis(lease))
                .bind(limit)
                .fetch_all(db)
                .await
        })
        .await
    }

    /// Takes at most `limit` rows that may be too late, whatever keeps them.
    pub async fn lease_late(&self, limit: i64, token: Uuid, lease: Duration) -> sqlx::Result<Vec<LeasedRow>> {
        self.take(token, async |db, statements| {
            sqlx::query_as(AssertSqlSafe(statements.lease_late.clone()))
                .bind(self.channel.name())
                .bind(limit)
                .bind(token)
                .bind(millis(lease))
                .fetch_all(db)
                .await
        })
        .await
    }

    /// The workers of a channel search one after the other, by an advisory lock for some milliseconds, or they would find
    /// the same rows. Row locks within the search would do as well; PostgreSQL 18.6 crashed in such a statement (a row
    /// lock within a LATERAL subquery over partitions, the row just updated by the other worker).
    async fn take(
        &self,
        token: Uuid,
        ask: impl AsyncFnOnce(&mut PgConnection, &Statements) -> sqlx::Result<Vec<Record>>,
    ) -> sqlx::Result<Vec<LeasedRow>> {
        let mut session = self.session().await?;
        let statements = self.statements.get(&mut session).await?;
        session.begin().await?;
        let outcome = session
            .answered(async |db| {
                // A statement of its own: the next one's snapshot is taken once the lock is held.
                sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
                    .bind(LEASE_LOCK)
                    .bind(self.channel as i32)
                    .execute(&mut *db)
                    .await?;
                ask(db, &statements).await
            })
            .await;
        let records = match outcome {
            Ok(records) => records,
            Err(error) => {
                session.roll_back().await;
                return Err(error);
            }
        };
        session.commit().await?;
        session.release();
        records.into_iter().map(|record| LeasedRow::of(record, token)).collect()
    }
}

impl LeasedRow {
    fn of(record: Record, token: Uuid) -> sqlx::Result<Self> {
        // The text may hold personal data, and so may an error that repeats it.
        let message = serde_json::from_str(&record.message)
            .map_err(|_| sqlx::Error::Decode("a message in the ledger is none".into()))?;
        Ok(Self {
            message_id: record.message_id,
            token,
            message,
            attempt: record.attempt,
            provider: record.provider,
            sender_id: record.sender_id,
            unless_sent: record.unless_sent,
            now: record.now,
            suppressed: record.suppressed,
            consent: record.consent,
            finished: record.finished,
            earlier_state: record.earlier_state,
            campaign_state: record.campaign_state,
            recent: record.recent,
        })
    }
}
