//! What the tables of `sending` tell of a message and of a campaign; for people who look.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::PgPool;
use uuid::Uuid;
use vendzz_runtime::postgres::{PostgresConfig, Session};
use vendzz_schemas::events::CampaignDelivery;

/// States that are counted in the ledger itself: messages go through them all the time, so no tally has them.
pub const LIVE_STATES: &[&str] = &["waiting", "leased", "sending"];

/// States in which a message rests; from the tallies.
pub const RESTING_STATES: &[&str] = &["sent", "failed", "skipped", "unknown"];

/// What providers report; from the tallies: messages of which it is the highest report.
pub const REPORTS: &[&str] = &["carried", "undelivered", "delivered", "read"];

/// A row of the ledger, without the message's words.
#[derive(Debug, Clone, PartialEq, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    pub message_id: Uuid,
    pub account_id: String,
    pub quiz_id: String,
    pub response_id: Uuid,
    pub campaign_id: String,
    pub revision: String,
    pub step_id: String,
    pub channel: String,
    pub recipient: String,
    pub sender_pool: String,
    pub unless_finished: bool,
    pub unless_sent: Option<Uuid>,
    pub due_at: DateTime<Utc>,
    pub late_from: DateTime<Utc>,
    pub state: String,
    pub state_at: DateTime<Utc>,
    pub not_before: DateTime<Utc>,
    /// Calls to a provider so far.
    pub attempt: i32,
    pub reason: Option<String>,
    pub sender_id: Option<String>,
    pub provider: Option<String>,
    pub provider_ref: Option<String>,
    pub report: Option<String>,
}

/// One event of a message's life.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LifeEvent {
    pub number: i32,
    pub happened_at: DateTime<Utc>,
    pub what: String,
    pub reason: String,
    pub provider: String,
    pub provider_ref: String,
    pub attempt: i32,
    /// When the log acknowledged it; `None` while it has not.
    pub published_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageLife {
    #[serde(flatten)]
    pub entry: LedgerEntry,
    pub events: Vec<LifeEvent>,
}

/// Messages by what they are, of one channel of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChannelCounts {
    /// By state of the ledger.
    pub states: BTreeMap<String, i64>,
    /// By report.
    pub reports: BTreeMap<String, i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
    #[error("event {number} of the message cannot be read: {source}")]
    Event { number: i16, source: serde_json::Error },
}

pub struct History {
    pool: PgPool,
    config: PostgresConfig,
}

/// Number, event, when it happened and when the log acknowledged it.
type EventRow = (i16, String, DateTime<Utc>, Option<DateTime<Utc>>);

impl History {
    /// Connects lazily. `application` is the caller's name in `pg_stat_activity`.
    pub fn new(config: &PostgresConfig, application: &str) -> Self {
        Self { pool: config.pool(application), config: config.clone() }
    }

    /// A message and what happened to it; `None` when the ledger has none of this id.
    pub async fn message(&self, message_id: Uuid) -> Result<Option<MessageLife>, HistoryError> {
        let of_entry = "SELECT message_id, account_id, quiz_id, response_id, campaign_id, revision, step_id, channel,
                recipient, sender_pool, unless_finished, unless_sent, due_at, late_from, state, state_at, not_before,
                attempt, reason, sender_id, provider, provider_ref, report
            FROM sending.message_ledger WHERE message_id = $1";
        let of_events = "SELECT number, event::text, happened_at, published_at FROM sending.delivery_events
            WHERE message_id = $1 ORDER BY number";
        let mut session = Session::new(self.pool.acquire().await?, self.config.answer_within());
        let query = sqlx::query_as(of_entry).bind(message_id);
        let entry: Option<LedgerEntry> = session.answered(async |db| query.fetch_optional(db).await).await?;
        let query = sqlx::query_as(of_events).bind(message_id);
        let rows: Vec<EventRow> = session.answered(async |db| query.fetch_all(db).await).await?;
        session.release();
        let Some(entry) = entry else { return Ok(None) };
        let mut events = Vec::with_capacity(rows.len());
        for (number, event, happened_at, published_at) in rows {
            let event: CampaignDelivery =
                serde_json::from_str(&event).map_err(|source| HistoryError::Event { number, source })?;
            events.push(LifeEvent {
                number: i32::from(number),
                happened_at,
                what: event.what,
                reason: event.reason,
                provider: event.provider,
                provider_ref: event.provider_ref,
                attempt: event.attempt,
                published_at,
            });
        }
        Ok(Some(MessageLife { entry, events }))
    }

    /// Messages of a campaign by channel; empty when none is known.
    pub async fn campaign(&self, campaign_id: &str) -> Result<BTreeMap<String, ChannelCounts>, HistoryError> {
        // One question for each partial index.
        let sql = "SELECT channel, what, sum(messages)::bigint FROM sending.campaign_tallies
                WHERE campaign_id = $1 GROUP BY channel, what
            UNION ALL SELECT channel, 'live ' || state, count(*) FROM sending.message_ledger
                WHERE state = 'waiting' AND campaign_id = $1 GROUP BY channel, state
            UNION ALL SELECT channel, 'live ' || state, count(*) FROM sending.message_ledger
                WHERE state IN ('leased', 'sending') AND campaign_id = $1 GROUP BY channel, state";
        let mut session = Session::new(self.pool.acquire().await?, self.config.answer_within());
        let query = sqlx::query_as(sql).bind(campaign_id);
        let rows: Vec<(String, String, i64)> = session.answered(async |db| query.fetch_all(db).await).await?;
        session.release();
        let mut channels: BTreeMap<String, ChannelCounts> = BTreeMap::new();
        for (channel, what, messages) in rows {
            let counts = channels.entry(channel).or_default();
            match what.strip_prefix("live ") {
                Some(state) => drop(counts.states.insert(state.to_owned(), messages)),
                // Whatever the tallies say of these, the ledger knows better.
                None if LIVE_STATES.contains(&what.as_str()) => {}
                None if REPORTS.contains(&what.as_str()) => drop(counts.reports.insert(what, messages)),
                None => drop(counts.states.insert(what, messages)),
            }
        }
        Ok(channels)
    }
}
