use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use uuid::Uuid;
use vendzz_runtime::kernel::{ResumePoint, Source};
use vendzz_runtime::postgres::{Schema, SchemaError, live_version};

use super::PROJECTION;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The projector has never run here.
    #[error("the state projection is not set up in this database")]
    NotSetUp,
    #[error("the live version of the state projection has a name that {0}")]
    BadVersion(#[from] SchemaError),
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] sqlx::Error),
}

/// Reads one version of the state projection.
#[derive(Clone)]
pub struct StateReader {
    pub(super) pool: PgPool,
    pub(super) schema: Schema,
}

impl StateReader {
    /// The version that is live by `public.read_model`.
    pub async fn live(pool: PgPool) -> Result<Self, ReadError> {
        let version = live_version(&pool, PROJECTION).await?.ok_or(ReadError::NotSetUp)?;
        Ok(Self { pool, schema: version.parse()? })
    }

    /// A given version.
    pub fn of(pool: PgPool, schema: Schema) -> Self {
        Self { pool, schema }
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Responses of a quiz, bots included.
    pub async fn count_responses(&self, quiz_id: &str) -> Result<u64, ReadError> {
        let sql = format!("SELECT count(*) FROM {}.quiz_responses WHERE quiz_id = $1", self.schema);
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(quiz_id).fetch_one(&self.pool).await?;
        Ok(count.cast_unsigned())
    }

    /// Ids of the elements of a quiz's latest version, in the document's order; none of a quiz that is
    /// not known.
    pub async fn element_ids(&self, quiz_id: &str) -> Result<Vec<String>, ReadError> {
        let sql = format!(
            "SELECT element.id #>> '{{}}'
            FROM {}.quizzes, jsonb_path_query(document, '$.elements[*].id') WITH ORDINALITY AS element (id, place)
            WHERE quiz_id = $1 AND jsonb_typeof(element.id) = 'string'
            ORDER BY element.place",
            self.schema
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(quiz_id).fetch_all(&self.pool).await?)
    }

    /// Ids of all responses of a quiz, in their order.
    pub async fn response_ids(&self, quiz_id: &str) -> Result<Vec<Uuid>, ReadError> {
        let sql = format!(
            "SELECT response_id FROM {}.quiz_responses WHERE quiz_id = $1 ORDER BY response_id",
            self.schema
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(quiz_id).fetch_all(&self.pool).await?)
    }

    /// How far each source is folded.
    pub async fn resume_points(&self) -> Result<BTreeMap<Source, ResumePoint>, ReadError> {
        let sql = format!(
            "SELECT topic, incarnation, partition, resume_offset, max_append_ms, record_hash FROM {}.projection_offset",
            self.schema
        );
        let rows: Vec<(String, String, i32, i64, i64, i64)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let point = |(topic, incarnation, partition, offset, max_append_ms, hash)| {
            (Source { topic, incarnation, partition }, ResumePoint { offset, max_append_ms, hash })
        };
        Ok(rows.into_iter().map(point).collect())
    }

    /// Responses, whole and partial, that no resume point covers. There are none, ever: rows and resume point are
    /// written together, and a resume point never goes back.
    pub async fn rows_beyond_resume_points(&self) -> Result<u64, ReadError> {
        let sql = format!(
            "SELECT count(*) FROM (
                SELECT source_topic, source_incarnation, source_partition, source_offset FROM {0}.quiz_responses
                UNION ALL
                SELECT source_topic, source_incarnation, source_partition, source_offset FROM {0}.partial_responses
            ) AS response
            WHERE NOT EXISTS (
                SELECT FROM {0}.projection_offset AS point
                WHERE point.topic = response.source_topic
                    AND point.incarnation = response.source_incarnation
                    AND point.partition = response.source_partition
                    AND point.resume_offset >= response.source_offset
            )",
            self.schema
        );
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await?;
        Ok(count.cast_unsigned())
    }
}
