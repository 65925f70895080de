use sqlx::PgConnection;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::row_fold::StoredRow;

use crate::state::rows::QuizRow;

impl StoredRow for QuizRow {
    async fn insert(rows: &[Self], source: &Source, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let texts = |of: fn(&Self) -> &str| rows.iter().map(of).collect::<Vec<_>>();
        let query = sqlx::query(include_str!("../sql/upsert_quizzes.sql"))
            .bind(&source.topic)
            .bind(&source.incarnation)
            .bind(source.partition)
            .bind(texts(|row| &row.quiz_id))
            .bind(texts(|row| &row.account_id))
            .bind(texts(|row| &row.state))
            .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.changed_at).collect::<Vec<_>>())
            .bind(texts(|row| &row.title))
            .bind(texts(|row| &row.document))
            .bind(rows.iter().map(|row| row.append_at).collect::<Vec<_>>());
        Ok(query.execute(connection).await?.rows_affected())
    }
}
