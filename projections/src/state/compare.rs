use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use vendzz_runtime::postgres::{PostgresConfig, Schema};

use super::read::ReadError;

/// The tables of one version and, of each, the key.
const TABLES: [(&str, &str); 5] = [
    ("quizzes", "quiz_id"),
    ("quiz_responses", "response_id, quiz_id"),
    ("partial_responses", "response_id, quiz_id"),
    ("leads", "lead_id"),
    ("projection_offset", "topic, incarnation, partition"),
];

/// One row that is not the same in two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The key's columns, separated by a space.
    pub key: String,
    pub in_left: bool,
    pub in_right: bool,
}

/// Compares the tables of two versions row for row and column by column, in one snapshot, and
/// returns the first differences of each table, at most `limit` (so nothing is the good answer).
/// On a session without a statement timeout: it reads everything.
pub async fn compare(
    config: &PostgresConfig,
    left: &Schema,
    right: &Schema,
    limit: i64,
) -> Result<Vec<Difference>, ReadError> {
    let mut connection = config.unhurried_session("vendzz-compare").connect().await?;
    let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let mut differences = Vec::new();
    for (table, key) in TABLES {
        let sql = format!(
            "SELECT concat_ws(' ', {key}), l.row IS NOT NULL, r.row IS NOT NULL
            FROM (SELECT {key}, to_jsonb(t) AS row FROM {left}.{table} AS t) AS l
            FULL JOIN (SELECT {key}, to_jsonb(t) AS row FROM {right}.{table} AS t) AS r USING ({key})
            WHERE l.row IS DISTINCT FROM r.row
            ORDER BY {key}
            LIMIT $1"
        );
        let rows: Vec<(String, bool, bool)> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(limit).fetch_all(&mut *snapshot).await?;
        let difference = |(key, in_left, in_right)| Difference { table, key, in_left, in_right };
        differences.extend(rows.into_iter().map(difference));
    }
    snapshot.rollback().await?;
    connection.close().await?;
    Ok(differences)
}
