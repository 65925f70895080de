//! A report in PostgreSQL: the ledger's row, the event of its life and the campaign's tallies, in one transaction.

use chrono::{DateTime, Utc};
use rand::RngExt;
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;
use vendzz_runtime::postgres::{PostgresConfig, Session};
use vendzz_schemas::events::CampaignDelivery;

use super::report::{RankedReport, Report, Standing, standing_after};

/// Rows over which a campaign's tally is spread, so that workers do not wait for each other.
const SHARDS: i16 = 16;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The message's state moved.
    Moved { to: &'static str },
    /// The highest report rose; the state is what it was.
    Noted,
    /// Nothing new.
    Repeated,
    /// Not in the ledger.
    UnknownMessage,
    /// In the ledger, of another account.
    OtherAccount,
    /// Of another provider, or under another reference than the one that is known.
    Mismatch,
    /// No provider can have it: it waits, is leased or was skipped.
    NeverSent,
}

impl Applied {
    pub fn word(self) -> &'static str {
        match self {
            Self::Moved { .. } => "moved",
            Self::Noted => "noted",
            Self::Repeated => "repeated",
            Self::UnknownMessage => "unknown_message",
            Self::OtherAccount => "other_account",
            Self::Mismatch => "mismatch",
            Self::NeverSent => "never_sent",
        }
    }
}

#[derive(Clone)]
pub struct ReportStore {
    pool: PgPool,
    config: PostgresConfig,
}

#[derive(sqlx::FromRow)]
struct LedgerRow {
    account_id: String,
    channel: String,
    quiz_id: String,
    response_id: Uuid,
    campaign_id: String,
    revision: String,
    step_id: String,
    state: String,
    attempt: i32,
    provider: Option<String>,
    provider_ref: Option<String>,
    report: Option<String>,
}

impl ReportStore {
    /// Connects lazily. `application` is the caller's name in `pg_stat_activity`.
    pub fn new(config: &PostgresConfig, application: &str) -> Self {
        Self { pool: config.pool(application), config: config.clone() }
    }

    /// Applies what `provider` of `account` says. Committed when it returns.
    pub async fn apply(&self, account: &str, provider: &str, report: &Report) -> anyhow::Result<Applied> {
        let mut session = Session::new(self.pool.acquire().await?, self.config.answer_within());
        session.begin().await?;
        let mut failed = None;
        let outcome = session
            .answered(async |db| match apply_within(db, account, provider, report).await {
                Ok(applied) => Ok(Some(applied)),
                Err(ApplyError::Postgres(error)) => Err(error),
                Err(ApplyError::Event(error)) => {
                    failed = Some(error);
                    Ok(None)
                }
            })
            .await;
        match outcome {
            Ok(Some(applied)) => {
                session.commit().await?;
                session.release();
                Ok(applied)
            }
            Ok(None) => {
                session.roll_back().await;
                Err(failed.map_or_else(|| anyhow::anyhow!("no outcome"), anyhow::Error::from))
            }
            Err(error) => {
                session.roll_back().await;
                Err(error.into())
            }
        }
    }
}

enum ApplyError {
    Postgres(sqlx::Error),
    Event(serde_json::Error),
}

impl From<sqlx::Error> for ApplyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

async fn apply_within(
    db: &mut PgConnection,
    account: &str,
    provider: &str,
    report: &Report,
) -> Result<Applied, ApplyError> {
    let sql =
        "SELECT account_id, channel, quiz_id, response_id, campaign_id, revision, step_id, state, attempt,
            provider, provider_ref, report
        FROM sending.message_ledger WHERE message_id = $1 FOR UPDATE";
    let found: Option<LedgerRow> =
        sqlx::query_as(sql).bind(report.message_id).fetch_optional(&mut *db).await?;
    let Some(row) = found else { return Ok(Applied::UnknownMessage) };
    if row.account_id != account {
        return Ok(Applied::OtherAccount);
    }
    let standing = standing_of(&mut *db, report.message_id, &row.state).await?;
    if standing == Standing::NeverSent {
        return Ok(Applied::NeverSent);
    }
    let differs = |known: &Option<String>, told: &str| known.as_ref().is_some_and(|known| known != told);
    let has_reference = !report.reference.is_empty();
    if differs(&row.provider, provider) || has_reference && differs(&row.provider_ref, &report.reference) {
        return Ok(Applied::Mismatch);
    }
    let former = row.report.as_deref().and_then(RankedReport::from_word);
    let highest = former.map_or(report.report, |former| former.max(report.report));
    let moves_to = standing_after(standing, highest);
    if former == Some(highest) && moves_to.is_none() {
        if has_reference && row.provider_ref.is_none() {
            let sql = "UPDATE sending.message_ledger SET provider_ref = $2 WHERE message_id = $1";
            sqlx::query(sql).bind(report.message_id).bind(&report.reference).execute(db).await?;
        }
        return Ok(Applied::Repeated);
    }
    write(db, provider, report, &row, highest, moves_to).await?;
    Ok(moves_to.map_or(Applied::Noted, |to| Applied::Moved { to }))
}

/// A failure of the provider's own answer has its event; one by a report has none of that word.
async fn standing_of(db: &mut PgConnection, message_id: Uuid, state: &str) -> sqlx::Result<Standing> {
    match state {
        "sending" | "unknown" => Ok(Standing::InTheAir),
        "sent" => Ok(Standing::Told { is_sent: true }),
        "failed" => {
            let sql = "SELECT EXISTS (SELECT FROM sending.delivery_events
                WHERE message_id = $1 AND event->>'what' = 'failed')";
            let is_refused: bool = sqlx::query_scalar(sql).bind(message_id).fetch_one(db).await?;
            Ok(if is_refused { Standing::Refused } else { Standing::Told { is_sent: false } })
        }
        _ => Ok(Standing::NeverSent),
    }
}

async fn write(
    db: &mut PgConnection,
    provider: &str,
    report: &Report,
    row: &LedgerRow,
    highest: RankedReport,
    moves_to: Option<&'static str>,
) -> Result<(), ApplyError> {
    let reference = match &row.provider_ref {
        Some(known) => known.clone(),
        None => report.reference.clone(),
    };
    // Whoever fails has a reason; what a report has sent after all has none any more.
    let reason = match moves_to {
        Some("failed") if report.reason.is_empty() => Some("undelivered"),
        Some("failed") => Some(report.reason.as_str()),
        _ => None,
    };
    let sql = "UPDATE sending.message_ledger SET
            report = $2,
            provider = coalesce(provider, $3),
            provider_ref = coalesce(provider_ref, nullif($4, '')),
            state = coalesce($5, state),
            state_at = CASE WHEN $5::text IS NULL THEN state_at ELSE clock_timestamp() END,
            reason = CASE WHEN $5::text IS NULL THEN reason ELSE $6 END,
            events = events + 1
        WHERE message_id = $1
        RETURNING events, date_trunc('milliseconds', clock_timestamp())";
    let (number, happened_at): (i16, DateTime<Utc>) = sqlx::query_as(sql)
        .bind(report.message_id)
        .bind(highest.word())
        .bind(provider)
        .bind(&reference)
        .bind(moves_to)
        .bind(reason)
        .fetch_one(&mut *db)
        .await?;
    let event = CampaignDelivery {
        message_id: report.message_id.to_string(),
        number: i32::from(number),
        account_id: row.account_id.clone(),
        quiz_id: row.quiz_id.clone(),
        response_id: row.response_id.to_string(),
        campaign_id: row.campaign_id.clone(),
        revision: row.revision.clone(),
        step_id: row.step_id.clone(),
        channel: row.channel.clone(),
        what: highest.word().to_owned(),
        reason: report.reason.clone(),
        provider: row.provider.clone().unwrap_or_else(|| provider.to_owned()),
        provider_ref: reference,
        attempt: row.attempt,
        happened_at: happened_at.timestamp_millis(),
    };
    let event = serde_json::to_string(&event).map_err(ApplyError::Event)?;
    let sql = "INSERT INTO sending.delivery_events (message_id, number, event, happened_at)
        VALUES ($1, $2, $3::text::json, $4)";
    let query = sqlx::query(sql).bind(report.message_id).bind(number).bind(event).bind(happened_at);
    query.execute(&mut *db).await?;
    tally(db, row, highest, moves_to).await?;
    Ok(())
}

/// States in which a message rests; the others are not tallied, since messages go through them all the time.
fn is_tallied(state: &str) -> bool {
    matches!(state, "sent" | "failed" | "skipped" | "unknown")
}

async fn tally(
    db: &mut PgConnection,
    row: &LedgerRow,
    highest: RankedReport,
    moves_to: Option<&'static str>,
) -> sqlx::Result<()> {
    let mut changes: Vec<(&str, i64)> = Vec::new();
    let former = row.report.as_deref();
    if former != Some(highest.word()) {
        changes.push((highest.word(), 1));
        changes.extend(former.map(|former| (former, -1)));
    }
    if let Some(to) = moves_to {
        changes.push((to, 1));
        if is_tallied(&row.state) {
            changes.push((&row.state, -1));
        }
    }
    // In one order for everybody: transactions then wait for each other and never for ever.
    changes.sort_unstable();
    let shard = rand::rng().random_range(0..SHARDS);
    let sql = "INSERT INTO sending.campaign_tallies (campaign_id, channel, what, shard, messages)
        SELECT $1, $2, what, $3, change FROM unnest($4::text[], $5::bigint[]) AS changes (what, change)
        ON CONFLICT (campaign_id, channel, what, shard)
            DO UPDATE SET messages = campaign_tallies.messages + excluded.messages";
    sqlx::query(sql)
        .bind(&row.campaign_id)
        .bind(&row.channel)
        .bind(shard)
        .bind(changes.iter().map(|(what, _)| *what).collect::<Vec<_>>())
        .bind(changes.iter().map(|(_, change)| *change).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}
