//! What became of each message: by the ledger, and by the providers' journals.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use vendzz_load_tests::sending::Acceptance;

use super::people::Response;

/// A row of the ledger, and when providers say that they have accepted it.
pub(super) struct Message {
    pub(super) id: Uuid,
    pub(super) response: Response,
    pub(super) channel: String,
    pub(super) step: String,
    pub(super) due_at: DateTime<Utc>,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) not_before: DateTime<Utc>,
    pub(super) accepted: Vec<DateTime<Utc>>,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, response, channel, step, due_at, state, reason, not_before, accepted } = self;
        let (part, place) = (response.part.choice(), response.person.place.name);
        let accepted: Vec<String> = accepted.iter().map(ToString::to_string).collect();
        write!(
            formatter,
            "{id} ({part}, {channel}, {step}, {place}): due {due_at}, {state} {reason}, not before {not_before}, \
             accepted {}",
            accepted.join(" and ")
        )
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    message_id: Uuid,
    response_id: Uuid,
    channel: String,
    step_id: String,
    due_at: DateTime<Utc>,
    state: String,
    reason: String,
    not_before: DateTime<Utc>,
}

/// Every message of these responses.
pub(super) async fn messages_of(
    responses: &[Response],
    ledger: &mut PgConnection,
    journal: &[Acceptance],
) -> Vec<Message> {
    let responses: HashMap<Uuid, &Response> =
        responses.iter().map(|response| (response.id, response)).collect();
    let mut accepted: HashMap<Uuid, Vec<DateTime<Utc>>> = HashMap::new();
    for line in journal {
        let Some(id) = line.message_id else { continue };
        accepted.entry(id).or_default().push(DateTime::from_timestamp_millis(line.at_ms).unwrap());
    }
    let sql =
        "SELECT message_id, response_id, channel, step_id, due_at, state, coalesce(reason, '') AS reason,
        not_before FROM sending.message_ledger WHERE response_id = ANY($1)";
    let ids: Vec<Uuid> = responses.keys().copied().collect();
    let rows: Vec<Row> = sqlx::query_as(sql).bind(ids).fetch_all(ledger).await.unwrap();
    let message = |row: Row| Message {
        id: row.message_id,
        response: responses[&row.response_id].clone(),
        accepted: accepted.remove(&row.message_id).unwrap_or_default(),
        channel: row.channel,
        step: row.step_id,
        due_at: row.due_at,
        state: row.state,
        reason: row.reason,
        not_before: row.not_before,
    };
    rows.into_iter().map(message).collect()
}
