use sqlx::{AssertSqlSafe, PgConnection};

use super::RowStore;
use crate::kernel::{ResumePoint, Source};

/// Where resume points stand: a table with the columns topic, incarnation, partition, resume_offset,
/// max_append_ms and record_hash.
#[derive(Debug, Clone, Copy)]
pub struct ResumeTable {
    /// With its schema.
    pub name: &'static str,
    /// Value of the column consumer_group, in a table that several groups share.
    pub consumer_group: Option<&'static str>,
}

impl ResumeTable {
    /// A condition that takes topic, incarnation and partition as its first three parameters.
    fn of_source(&self) -> String {
        let source = "topic = $1 AND incarnation = $2 AND partition = $3";
        match self.consumer_group {
            None => source.to_owned(),
            Some(group) => format!("consumer_group = '{group}' AND {source}"),
        }
    }

    fn read_sql(&self) -> String {
        format!(
            "SELECT resume_offset, max_append_ms, record_hash FROM {} WHERE {}",
            self.name,
            self.of_source()
        )
    }

    /// The first resume point of a source, unless somebody else has written one.
    fn first_sql(&self) -> String {
        let (column, value) = match self.consumer_group {
            None => (String::new(), String::new()),
            Some(group) => (", consumer_group".to_owned(), format!(", '{group}'")),
        };
        format!(
            "INSERT INTO {} (topic, incarnation, partition, resume_offset, max_append_ms, record_hash{column})
            VALUES ($1, $2, $3, $4, $5, $6{value})
            ON CONFLICT DO NOTHING",
            self.name
        )
    }

    /// Compare-and-set: nobody else has come further since this owner last looked.
    fn advance_sql(&self) -> String {
        format!(
            "UPDATE {} SET resume_offset = $4, max_append_ms = $5, record_hash = $6
            WHERE {} AND resume_offset = $7",
            self.name,
            self.of_source()
        )
    }
}

impl RowStore {
    /// How far a source has been folded; `None`: not at all.
    pub async fn resume_point(&self, source: &Source) -> sqlx::Result<Option<ResumePoint>> {
        let sql = self.target.resume.read_sql();
        let mut session = self.session().await?;
        let row: Option<(i64, i64, i64)> = session
            .answered(async |connection| {
                sqlx::query_as(AssertSqlSafe(sql))
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
    table: ResumeTable,
    source: &Source,
    covered: Option<ResumePoint>,
    through: ResumePoint,
) -> sqlx::Result<bool> {
    #[cfg(feature = "planted-faults")]
    if super::planted::Fault::NoCompareAndSet.is_planted() {
        return super::planted::overwrite_resume_point(connection, table, source, through).await;
    }
    let sql = match covered {
        None => table.first_sql(),
        Some(_) => table.advance_sql(),
    };
    let mut query = sqlx::query(AssertSqlSafe(sql))
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
