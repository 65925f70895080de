use sqlx::PgConnection;
use vendzz_runtime::kernel::{ResumePoint, Source};

use super::StateStore;

impl StateStore {
    /// How far a source has been folded; `None`: not at all.
    pub(crate) async fn resume_point(&self, source: &Source) -> sqlx::Result<Option<ResumePoint>> {
        let mut session = self.session().await?;
        let row: Option<(i64, i64, i64)> = session
            .answered(async |connection| {
                sqlx::query_as(include_str!("../sql/read_resume_point.sql"))
                    .bind(&source.topic)
                    .bind(&source.incarnation)
                    .bind(source.partition)
                    .fetch_optional(connection)
                    .await
            })
            .await?;
        session.release();
        Ok(row.map(|(offset, max_append_ms, hash)| ResumePoint { offset, max_append_ms, hash }))
    }
}

/// Moves the resume point from `covered` to `through`, and says whether it was at `covered`.
pub(super) async fn advance(
    connection: &mut PgConnection,
    source: &Source,
    covered: Option<ResumePoint>,
    through: ResumePoint,
) -> sqlx::Result<bool> {
    #[cfg(feature = "planted-faults")]
    if crate::state::planted::Fault::NoCompareAndSet.is_planted() {
        return crate::state::planted::overwrite_resume_point(connection, source, through).await;
    }
    let sql = match covered {
        None => include_str!("../sql/first_resume_point.sql"),
        Some(_) => include_str!("../sql/advance_resume_point.sql"),
    };
    let mut query = sqlx::query(sql)
        .bind(&source.topic)
        .bind(&source.incarnation)
        .bind(source.partition)
        .bind(through.offset)
        .bind(through.max_append_ms)
        .bind(through.hash);
    if let Some(covered) = covered {
        query = query.bind(covered.offset);
    }
    Ok(query.execute(connection).await?.rows_affected() == 1)
}
