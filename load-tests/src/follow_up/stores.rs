//! Both stores, asked with statements of our own.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use scylla::DeserializeValue;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::prepared::PreparedStatement;
use serde_json::Value;
use sqlx::postgres::{PgPool, PgPoolOptions};
use uuid::Uuid;

use super::funnels::{Funnel, Step};
use super::leads::LeadRow;
use crate::installation::Installation;
use crate::reckoning::cql::months_of;
use crate::reckoning::postgres::first_id_of;

/// A row of `partial_responses`.
#[derive(Debug, Clone)]
pub(super) struct PartialRow {
    pub(super) sequence: i32,
    pub(super) answers: Value,
    pub(super) last_element: String,
    /// Milliseconds since 1970 (UTC).
    pub(super) last_seen_at: i64,
}

pub(super) struct Stores {
    pool: PgPool,
    session: Session,
    funnels: PreparedStatement,
}

#[derive(Debug, DeserializeValue)]
struct FunnelCell {
    steps: BTreeMap<String, StepCell>,
    other: StepCell,
}

#[derive(Debug, DeserializeValue)]
struct StepCell {
    reached: i64,
    left: i64,
    millis: i64,
}

impl Stores {
    pub(super) async fn connect(installation: &Installation) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(&installation.postgres_url)
            .await
            .context("PostgreSQL does not answer")?;
        let session = SessionBuilder::new()
            .known_nodes(&installation.cql_nodes)
            .build()
            .await
            .context("the CQL server does not answer")?;
        let text = format!(
            "SELECT totals FROM {}.quiz_funnel_v1 WHERE quiz_id = ? AND month = ?",
            installation.cql_keyspace
        );
        let funnels =
            session.prepare(text).await.context("the table of funnels: did the projector start?")?;
        Ok(Self { pool, session, funnels })
    }

    /// By quiz, of every month that events appended between two moments (milliseconds since 1970, UTC) may count under.
    pub(super) async fn funnels(
        &self,
        quizzes: &[String],
        from_ms: i64,
        to_ms: i64,
    ) -> anyhow::Result<BTreeMap<String, Funnel>> {
        let mut funnels: BTreeMap<String, Funnel> = BTreeMap::new();
        for quiz in quizzes {
            let funnel = funnels.entry(quiz.clone()).or_default();
            for month in months_of(from_ms, to_ms) {
                let pager = self.session.execute_iter(self.funnels.clone(), (quiz.as_str(), month)).await?;
                let mut rows = pager.rows_stream::<(FunnelCell,)>()?;
                while let Some((cell,)) = rows.try_next().await? {
                    // Beyond 400 elements they are counted together; the quizzes here have fewer.
                    anyhow::ensure!(cell.other.reached == 0, "elements of {quiz} are counted together");
                    for (element, step) in cell.steps {
                        let sum: &mut Step = funnel.entry(element).or_default();
                        sum.reached += step.reached;
                        sum.left += step.left;
                        sum.millis += step.millis;
                    }
                }
            }
        }
        Ok(funnels)
    }

    pub(super) async fn leads(&self, ids: &[Uuid]) -> anyhow::Result<BTreeMap<Uuid, LeadRow>> {
        type Row = (Uuid, String, String, String, Uuid, DateTime<Utc>);
        let text = "SELECT lead_id, account_id, field, value, last_response_id, last_seen_at \
                    FROM state_v1.leads WHERE lead_id = ANY($1)";
        let rows: Vec<Row> = sqlx::query_as(text).bind(ids).fetch_all(&self.pool).await?;
        let row = |(id, account_id, field, value, last_response_id, last_seen_at): Row| {
            let last_seen_at = last_seen_at.timestamp_millis();
            (id, LeadRow { account_id, field, value, last_response_id, last_seen_at })
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// By quiz and response, of responses whose ids were minted at or after `since_ms`.
    pub(super) async fn partials(
        &self,
        quizzes: &[String],
        since_ms: i64,
    ) -> anyhow::Result<BTreeMap<(String, String), PartialRow>> {
        type Row = (Uuid, String, i32, Value, String, DateTime<Utc>);
        let text = "SELECT response_id, quiz_id, sequence, answers, last_element, last_seen_at \
                    FROM state_v1.partial_responses WHERE quiz_id = ANY($1) AND response_id >= $2";
        let rows: Vec<Row> =
            sqlx::query_as(text).bind(quizzes).bind(first_id_of(since_ms)).fetch_all(&self.pool).await?;
        let row = |(id, quiz, sequence, answers, last_element, last_seen_at): Row| {
            let last_seen_at = last_seen_at.timestamp_millis();
            ((quiz, id.to_string()), PartialRow { sequence, answers, last_element, last_seen_at })
        };
        Ok(rows.into_iter().map(row).collect())
    }
}
