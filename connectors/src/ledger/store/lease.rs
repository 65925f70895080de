use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vendzz_schemas::events::CampaignMessage;

use super::{LedgerStore, millis};

const LEASE: &str = concat!(include_str!("../sql/lease.sql"), include_str!("../sql/facts.sql"));
const LEASE_LATE: &str = concat!(include_str!("../sql/lease_late.sql"), include_str!("../sql/facts.sql"));

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
    /// Takes what is due under `token` for `lease`: of each pool at most its room, and `limit` rows in all; the first
    /// pools first.
    pub async fn lease(
        &self,
        pools: &[PoolRoom],
        limit: i64,
        token: Uuid,
        lease: Duration,
    ) -> sqlx::Result<Vec<LeasedRow>> {
        let mut session = self.session().await?;
        let records: Vec<Record> = session
            .answered(async |db| {
                sqlx::query_as(LEASE)
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
            .await?;
        session.release();
        records.into_iter().map(|record| LeasedRow::of(record, token)).collect()
    }

    /// Takes at most `limit` rows that may be too late, whatever keeps them.
    pub async fn lease_late(&self, limit: i64, token: Uuid, lease: Duration) -> sqlx::Result<Vec<LeasedRow>> {
        let mut session = self.session().await?;
        let records: Vec<Record> = session
            .answered(async |db| {
                sqlx::query_as(LEASE_LATE)
                    .bind(self.channel.name())
                    .bind(limit)
                    .bind(token)
                    .bind(millis(lease))
                    .fetch_all(db)
                    .await
            })
            .await?;
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
