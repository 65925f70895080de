use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::read::{ReadError, StateReader};

/// How far somebody came who gave a contact.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct PartialResponse {
    pub response_id: Uuid,
    pub quiz_id: String,
    pub account_id: String,
    /// Version of the quiz that was answered.
    pub version: i64,
    /// 1 to 3: the beacon that the rest is of.
    pub sequence: i32,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// Empty when no element was named.
    pub last_element: String,
    /// By element id.
    pub answers: serde_json::Value,
    /// `human`, `suspect` or `bot`.
    pub bot_verdict: String,
}

/// A contact of an account.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Lead {
    pub lead_id: Uuid,
    pub account_id: String,
    /// `email` or `phone`.
    pub field: String,
    /// Normalised: an e-mail address, or a phone number as E.164.
    pub value: String,
    pub name: Option<String>,
    pub first_seen_at: DateTime<Utc>,
    pub first_quiz_id: String,
    pub first_response_id: Uuid,
    pub last_seen_at: DateTime<Utc>,
    pub last_quiz_id: String,
    pub last_response_id: Uuid,
}

/// Where a page of leads goes on: behind the lead that has it.
pub type LeadPageKey = (DateTime<Utc>, Uuid);

impl Lead {
    pub fn page_key(&self) -> LeadPageKey {
        (self.last_seen_at, self.lead_id)
    }
}

impl StateReader {
    /// `None` when no beacon brought answers of this response.
    pub async fn partial_response(
        &self,
        response_id: Uuid,
        quiz_id: &str,
    ) -> Result<Option<PartialResponse>, ReadError> {
        let sql = format!(
            "SELECT response_id, quiz_id, account_id, version, sequence, first_seen_at, last_seen_at,
                last_element, answers, bot_verdict
            FROM {}.partial_responses WHERE response_id = $1 AND quiz_id = $2",
            self.schema
        );
        let row =
            sqlx::query_as(AssertSqlSafe(sql)).bind(response_id).bind(quiz_id).fetch_optional(&self.pool);
        Ok(row.await?)
    }

    /// Leads of an account, the last seen first, at most `limit`, behind the one whose key is `after`.
    pub async fn leads(
        &self,
        account_id: &str,
        after: Option<LeadPageKey>,
        limit: i64,
    ) -> Result<Vec<Lead>, ReadError> {
        let condition = match after {
            Some(_) => "AND (last_seen_at, lead_id) < ($3, $4)",
            None => "",
        };
        let sql = format!(
            "SELECT lead_id, account_id, field, value, name, first_seen_at, first_quiz_id, first_response_id,
                last_seen_at, last_quiz_id, last_response_id
            FROM {}.leads WHERE account_id = $1 {condition}
            ORDER BY last_seen_at DESC, lead_id DESC LIMIT $2",
            self.schema
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(account_id).bind(limit);
        if let Some((seen_at, lead_id)) = after {
            query = query.bind(seen_at).bind(lead_id);
        }
        Ok(query.fetch_all(&self.pool).await?)
    }
}
