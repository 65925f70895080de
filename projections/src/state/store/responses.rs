use sqlx::PgConnection;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::row_fold::StoredRow;

use super::array_literal::array_literal;
use crate::state::rows::ResponseRow;

impl StoredRow for ResponseRow {
    async fn insert(rows: &[Self], source: &Source, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let texts = |of: fn(&Self) -> &str| rows.iter().map(of).collect::<Vec<_>>();
        let query = sqlx::query(include_str!("../sql/insert_responses.sql"))
            .bind(&source.topic)
            .bind(&source.incarnation)
            .bind(source.partition)
            .bind(rows.iter().map(|row| row.response_id.uuid()).collect::<Vec<_>>())
            .bind(texts(|row| &row.quiz_id))
            .bind(texts(|row| &row.account_id))
            .bind(rows.iter().map(|row| row.visitor_id).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.received_at).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event_at).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.append_at).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.started_at_ms).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.submitted_at_ms).collect::<Vec<_>>())
            .bind(texts(|row| &row.answers))
            .bind(texts(|row| &row.hidden))
            .bind(texts(|row| &row.utm))
            .bind(texts(|row| &row.referrer))
            .bind(texts(|row| &row.device))
            .bind(texts(|row| &row.country))
            .bind(texts(|row| &row.bot_verdict))
            .bind(rows.iter().map(|row| array_literal(&row.bot_reasons)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| array_literal(&row.tags)).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.source_offset).collect::<Vec<_>>());
        Ok(query.execute(connection).await?.rows_affected())
    }
}
