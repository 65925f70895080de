use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use sqlx::types::Uuid;
use vendzz_runtime::postgres::{PostgresConfig, Session};

use super::Told;
use super::row::{Applied, Row};
use super::tallies::Tallies;

const LOCK_ROWS: &str = "
    SELECT message_id, account_id, channel, quiz_id, response_id, campaign_id, revision, step_id, state, reason,
        state_at, attempt, provider, provider_ref, report, events
    FROM sending.message_ledger
    WHERE message_id = ANY ($1)
    ORDER BY message_id
    FOR UPDATE";

const REFUSED: &str = "
    SELECT message_id FROM sending.delivery_events
    WHERE message_id = ANY ($1) AND event->>'what' = 'failed'";

const WRITE_ROWS: &str = "
    UPDATE sending.message_ledger AS ledger
    SET state = told.state, state_at = told.state_at, reason = told.reason, provider = told.provider,
        provider_ref = told.provider_ref, report = told.report, events = told.events,
        -- Who held it for a call holds it no longer.
        lease_until = CASE WHEN told.state = ledger.state THEN ledger.lease_until END
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::smallint[])
        AS told (message_id, state, state_at, reason, provider, provider_ref, report, events)
    WHERE ledger.message_id = told.message_id
        -- Said twice: with it the planner goes by the ids, however many weeks there are.
        AND ledger.message_id = ANY ($1)";

const WRITE_EVENTS: &str = "
    INSERT INTO sending.delivery_events (message_id, number, event, happened_at)
    SELECT message_id, number, event::json, $4
    FROM unnest($1::uuid[], $2::smallint[], $3::text[]) AS told (message_id, number, event)";

/// Batches of reports, each in one transaction.
pub(super) struct Batches {
    pool: PgPool,
    config: PostgresConfig,
}

impl Batches {
    pub(super) fn new(config: &PostgresConfig, application: &str) -> Self {
        Self { pool: config.pool(application), config: config.clone() }
    }

    /// Says what became of each, in their order. Committed when it returns; after an error nothing is applied.
    pub(super) async fn apply(&self, told: &[Told]) -> sqlx::Result<Vec<Applied>> {
        let mut session = Session::new(self.pool.acquire().await?, self.config.answer_within());
        session.begin().await?;
        match session.answered(async |db| apply_within(db, told).await).await {
            Ok(applied) => {
                session.commit().await?;
                session.release();
                Ok(applied)
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }
}

async fn apply_within(db: &mut PgConnection, told: &[Told]) -> sqlx::Result<Vec<Applied>> {
    let ids: BTreeSet<Uuid> = told.iter().map(|told| told.report.message_id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let before: Vec<Row> = sqlx::query_as(LOCK_ROWS).bind(ids).fetch_all(&mut *db).await?;
    let before = with_refusals(db, before).await?;
    let sql = "SELECT date_trunc('milliseconds', clock_timestamp())";
    let now: DateTime<Utc> = sqlx::query_scalar(sql).fetch_one(&mut *db).await?;
    let mut after: BTreeMap<Uuid, Row> = before.iter().map(|row| (row.message_id, row.clone())).collect();
    let applied = told
        .iter()
        .map(|told| match after.get_mut(&told.report.message_id) {
            Some(row) => row.apply(told, now),
            None => Applied::UnknownMessage,
        })
        .collect();
    let changed: Vec<&Row> = after.values().filter(|row| row.is_changed).collect();
    if changed.is_empty() {
        return Ok(applied);
    }
    write_rows(db, &changed).await?;
    write_events(db, &changed, now).await?;
    let mut tallies = Tallies::default();
    for row in &before {
        if let Some(after) = after.get(&row.message_id) {
            tallies.count(row, after);
        }
    }
    tallies.write(db).await?;
    Ok(applied)
}

/// A statement of its own, once the rows are locked: it sees what their last holders have committed.
async fn with_refusals(db: &mut PgConnection, mut rows: Vec<Row>) -> sqlx::Result<Vec<Row>> {
    let failed: Vec<Uuid> =
        rows.iter().filter(|row| row.state == "failed").map(|row| row.message_id).collect();
    if failed.is_empty() {
        return Ok(rows);
    }
    let refused: BTreeSet<Uuid> =
        sqlx::query_scalar(REFUSED).bind(failed).fetch_all(db).await?.into_iter().collect();
    for row in &mut rows {
        row.is_refused = refused.contains(&row.message_id);
    }
    Ok(rows)
}

async fn write_rows(db: &mut PgConnection, rows: &[&Row]) -> sqlx::Result<()> {
    sqlx::query(WRITE_ROWS)
        .bind(rows.iter().map(|row| row.message_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.state.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.state_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.reason.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.provider.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.provider_ref.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.report.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.events).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn write_events(db: &mut PgConnection, rows: &[&Row], now: DateTime<Utc>) -> sqlx::Result<()> {
    let (mut ids, mut numbers, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        for event in &row.told {
            ids.push(row.message_id);
            numbers.push(i16::try_from(event.number).unwrap_or(i16::MAX));
            events.push(serde_json::to_string(event).map_err(|error| sqlx::Error::Encode(error.into()))?);
        }
    }
    if !ids.is_empty() {
        sqlx::query(WRITE_EVENTS).bind(ids).bind(numbers).bind(events).bind(now).execute(db).await?;
    }
    Ok(())
}
