use sqlx::PgConnection;
use vendzz_runtime::kernel::Source;

use super::StoredRow;
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

/// The text form of a `text[]`, every element quoted (PostgreSQL manual, section 8.15.6): UNNEST
/// flattens arrays of arrays, so a column of arrays travels as a column of texts.
fn array_literal(words: &[String]) -> String {
    let mut literal = String::from("{");
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            literal.push(',');
        }
        literal.push('"');
        for character in word.chars() {
            if character == '"' || character == '\\' {
                literal.push('\\');
            }
            literal.push(character);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_an_array_literal_is_escaped() {
        let words = ["plain", "", "a,b", "{x}", "say \"x\"", "back\\slash", "NULL"].map(str::to_owned);
        assert_eq!(array_literal(&words), r#"{"plain","","a,b","{x}","say \"x\"","back\\slash","NULL"}"#);
        assert_eq!(array_literal(&[]), "{}");
    }
}
