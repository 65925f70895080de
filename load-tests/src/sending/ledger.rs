use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::{SendingBaseline, Unsent};
use crate::providers::hash_of_recipient;
use crate::reckoning::postgres::first_id_of;

/// A row of `sending.message_ledger`, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    pub channel: String,
    pub campaign_id: String,
    pub state: String,
    /// Empty when there is none.
    pub reason: String,
    pub report: Option<String>,
    pub provider_ref: Option<String>,
    /// The recipient's hash; the recipient is not kept.
    pub to_hash: String,
    /// Events of its life so far.
    pub events: i32,
    /// `not_before` has come.
    pub is_due: bool,
    /// Its campaign is not active, so that it waits for good reason.
    pub is_held: bool,
}

/// Messages by campaign, channel and state or report, over all time, of the campaigns that a run has met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies {
    /// As `sending.campaign_tallies` has them.
    pub tallied: BTreeMap<(String, String, String), i64>,
    /// As the ledger's rows are counted.
    pub counted: BTreeMap<(String, String, String), i64>,
}

pub(super) struct LedgerReader {
    pool: PgPool,
}

/// A campaign that is paused or over, as any channel knows it.
const IS_HELD: &str = "EXISTS (SELECT 1 FROM sending.campaigns c \
                       WHERE c.campaign_id = m.campaign_id AND c.state <> 'active')";

impl LedgerReader {
    pub(super) async fn connect(url: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(url)
            .await
            .context("PostgreSQL does not answer")?;
        Ok(Self { pool })
    }

    /// Everything at one moment: the rows of a run, further ids that were expected, and both counts of their campaigns.
    pub(super) async fn read(
        &self,
        baseline: &SendingBaseline,
        expected: &[Uuid],
    ) -> anyhow::Result<(HashMap<Uuid, LedgerRow>, Tallies)> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *transaction)
            .await?;
        let mut rows = rows_of_run(&mut transaction, baseline).await?;
        let others: Vec<Uuid> = expected.iter().filter(|id| !rows.contains_key(id)).copied().collect();
        rows.extend(rows_of_ids(&mut transaction, &others).await?);
        let mut campaigns: Vec<String> = rows.values().map(|row| row.campaign_id.clone()).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        let tallies = tallies(&mut transaction, &campaigns).await?;
        Ok((rows, tallies))
    }

    /// By the partial indexes of what waits and what is held: cheap also beside a run.
    pub(super) async fn unsent(&self, baseline: &SendingBaseline) -> anyhow::Result<Unsent> {
        let first = first_id_of(baseline.began_at_ms);
        let mut unsent = Unsent::default();
        let due = format!(
            "SELECT m.channel, count(*) FROM sending.message_ledger m WHERE m.state = 'waiting' \
             AND m.not_before <= now() AND m.message_id >= $1 AND m.quiz_id = ANY($2) AND NOT {IS_HELD} \
             GROUP BY m.channel"
        );
        let due: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(due))
            .bind(first)
            .bind(&baseline.quizzes)
            .fetch_all(&self.pool)
            .await?;
        unsent.due = due.into_iter().collect();
        let counts = "SELECT \
            (SELECT count(*) FROM sending.message_ledger \
             WHERE message_id >= $1 AND quiz_id = ANY($2)), \
            (SELECT count(*) FROM sending.message_ledger \
             WHERE state IN ('leased', 'sending') AND message_id >= $1 AND quiz_id = ANY($2)), \
            (SELECT count(*) FROM sending.delivery_events WHERE published_at IS NULL AND message_id >= $1)";
        (unsent.in_ledger, unsent.in_flight, unsent.unpublished) =
            sqlx::query_as(counts).bind(first).bind(&baseline.quizzes).fetch_one(&self.pool).await?;
        Ok(unsent)
    }
}

async fn rows_of_run(
    connection: &mut PgConnection,
    baseline: &SendingBaseline,
) -> anyhow::Result<HashMap<Uuid, LedgerRow>> {
    let text = format!("{} WHERE m.message_id >= $1 AND m.quiz_id = ANY($2)", columns());
    let mut found = sqlx::query(AssertSqlSafe(text))
        .bind(first_id_of(baseline.began_at_ms))
        .bind(&baseline.quizzes)
        .fetch(connection);
    let mut rows = HashMap::new();
    while let Some(row) = found.try_next().await? {
        rows.insert(row.try_get("message_id")?, ledger_row(&row)?);
    }
    Ok(rows)
}

async fn rows_of_ids(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> anyhow::Result<HashMap<Uuid, LedgerRow>> {
    let text = format!("{} WHERE m.message_id = ANY($1)", columns());
    let found = sqlx::query(AssertSqlSafe(text)).bind(ids).fetch_all(connection).await?;
    let mut rows = HashMap::new();
    for row in found {
        rows.insert(row.try_get("message_id")?, ledger_row(&row)?);
    }
    Ok(rows)
}

fn columns() -> String {
    format!(
        "SELECT m.message_id, m.channel, m.campaign_id, m.state, m.reason, m.report, m.provider_ref, m.recipient, \
         m.events, m.not_before <= now() AS is_due, {IS_HELD} AS is_held FROM sending.message_ledger m"
    )
}

fn ledger_row(row: &PgRow) -> Result<LedgerRow, sqlx::Error> {
    let recipient: String = row.try_get("recipient")?;
    Ok(LedgerRow {
        channel: row.try_get("channel")?,
        campaign_id: row.try_get("campaign_id")?,
        state: row.try_get("state")?,
        reason: row.try_get::<Option<String>, _>("reason")?.unwrap_or_default(),
        report: row.try_get("report")?,
        provider_ref: row.try_get("provider_ref")?,
        to_hash: hash_of_recipient(&recipient),
        events: i32::from(row.try_get::<i16, _>("events")?),
        is_due: row.try_get("is_due")?,
        is_held: row.try_get("is_held")?,
    })
}

async fn tallies(connection: &mut PgConnection, campaigns: &[String]) -> anyhow::Result<Tallies> {
    type Count = (String, String, String, i64);
    let tallied: Vec<Count> = sqlx::query_as(
        "SELECT campaign_id, channel, what, sum(messages)::bigint FROM sending.campaign_tallies \
         WHERE campaign_id = ANY($1) GROUP BY campaign_id, channel, what",
    )
    .bind(campaigns)
    .fetch_all(&mut *connection)
    .await?;
    let counted: Vec<Count> = sqlx::query_as(
        "SELECT campaign_id, channel, 'taken_in', count(*) FROM sending.message_ledger \
         WHERE campaign_id = ANY($1) GROUP BY campaign_id, channel \
         UNION ALL SELECT campaign_id, channel, state, count(*) FROM sending.message_ledger \
         WHERE campaign_id = ANY($1) AND state IN ('sent', 'failed', 'skipped', 'unknown') \
         GROUP BY campaign_id, channel, state \
         UNION ALL SELECT campaign_id, channel, report, count(*) FROM sending.message_ledger \
         WHERE campaign_id = ANY($1) AND report IS NOT NULL GROUP BY campaign_id, channel, report",
    )
    .bind(campaigns)
    .fetch_all(&mut *connection)
    .await?;
    let by_key = |counts: Vec<Count>| {
        let counts = counts.into_iter().filter(|(.., count)| *count != 0);
        counts.map(|(campaign, channel, what, count)| ((campaign, channel, what), count)).collect()
    };
    Ok(Tallies { tallied: by_key(tallied), counted: by_key(counted) })
}
