//! Exists only in a build with the feature `planted-faults`.

use sqlx::{AssertSqlSafe, PgConnection};

use super::ResumeTable;
use crate::kernel::{ResumePoint, Source};
use crate::planted::is_planted;

/// A mistake that the design rules out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The resume point is written whoever else has written it: a zombie turns it back.
    NoCompareAndSet,
    /// The resume point is durable before the rows that it covers.
    ResumePointBeforeRows,
}

impl Fault {
    pub(super) fn is_planted(self) -> bool {
        is_planted(match self {
            Self::NoCompareAndSet => "no_compare_and_set",
            Self::ResumePointBeforeRows => "resume_point_before_rows",
        })
    }
}

/// What stands in for the compare-and-set under [`Fault::NoCompareAndSet`].
pub(super) async fn overwrite_resume_point(
    connection: &mut PgConnection,
    table: ResumeTable,
    source: &Source,
    through: ResumePoint,
) -> sqlx::Result<bool> {
    let sql = format!(
        "INSERT INTO {} (topic, incarnation, partition, resume_offset, max_append_ms, record_hash)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (topic, incarnation, partition) DO UPDATE SET
            resume_offset = excluded.resume_offset,
            max_append_ms = excluded.max_append_ms,
            record_hash = excluded.record_hash",
        table.name
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(&source.topic)
        .bind(&source.incarnation)
        .bind(source.partition)
        .bind(through.offset)
        .bind(through.max_append_ms)
        .bind(through.hash)
        .execute(connection)
        .await?;
    Ok(true)
}
