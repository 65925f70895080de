//! The state projection, read with plain SQL through `read_model`.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::behind::ResumePoints;
use super::content::ResponseContent;

/// Responses by quiz, with the fingerprint of what they say.
#[derive(Debug, Clone, Default)]
pub struct StateRows {
    pub quizzes: BTreeMap<String, HashMap<Uuid, u64>>,
}

#[derive(Debug, Clone)]
pub struct ResponseReader {
    pool: PgPool,
}

impl ResponseReader {
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect(url)
            .await
            .context("PostgreSQL does not answer")?;
        Ok(Self { pool })
    }

    /// The responses to these quizzes whose ids were minted at or after `since_ms` (milliseconds since
    /// 1970, UTC).
    pub async fn read(&self, quizzes: &[String], since_ms: i64) -> anyhow::Result<StateRows> {
        let schema = self.live_schema().await?;
        let text = format!(
            "SELECT response_id, quiz_id, version, answers, hidden, utm, device, country, bot_verdict \
             FROM {schema}.quiz_responses WHERE quiz_id = ANY($1) AND response_id >= $2"
        );
        let mut rows =
            sqlx::query(AssertSqlSafe(text)).bind(quizzes).bind(first_id_of(since_ms)).fetch(&self.pool);
        let mut found = StateRows::default();
        while let Some(row) = rows.try_next().await? {
            let content = content_of(&row)?;
            let of_quiz = found.quizzes.entry(row.try_get("quiz_id")?).or_default();
            of_quiz.insert(row.try_get("response_id")?, content.fingerprint());
        }
        Ok(found)
    }

    pub(super) async fn resume_points(&self) -> anyhow::Result<ResumePoints> {
        let schema = self.live_schema().await?;
        let text =
            format!("SELECT topic, incarnation, partition, resume_offset FROM {schema}.projection_offset");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&self.pool).await?;
        let mut points = ResumePoints::new();
        for row in rows {
            let source = (row.try_get("topic")?, row.try_get("incarnation")?, row.try_get("partition")?);
            points.insert(source, row.try_get("resume_offset")?);
        }
        Ok(points)
    }

    async fn live_schema(&self) -> anyhow::Result<String> {
        let version: Option<String> =
            sqlx::query_scalar("SELECT version FROM public.read_model WHERE projection = 'state'")
                .fetch_optional(&self.pool)
                .await
                .context("read_model")?;
        let schema =
            version.context("read_model does not name the state projection: did the projector start?")?;
        let is_plain =
            schema.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        anyhow::ensure!(is_plain, "read_model names a schema {schema:?}, which is no plain name");
        Ok(schema)
    }
}

/// The smallest UUIDv7 of a millisecond.
pub(crate) fn first_id_of(millis: i64) -> Uuid {
    let millis = u128::try_from(millis.max(0)).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

fn content_of(row: &PgRow) -> Result<ResponseContent, sqlx::Error> {
    Ok(ResponseContent {
        version: row.try_get("version")?,
        answers: row.try_get("answers")?,
        hidden: row.try_get("hidden")?,
        utm: row.try_get("utm")?,
        device: row.try_get("device")?,
        country: row.try_get("country")?,
        bot_verdict: row.try_get("bot_verdict")?,
    })
}
