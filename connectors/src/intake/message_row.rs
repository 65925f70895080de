use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use vendzz_runtime::kernel::Source;
use vendzz_runtime::row_fold::{FoldedRow, StoredRow, Week};
use vendzz_schemas::contract::{Violation, check_message};
use vendzz_schemas::events::CampaignMessage;

const NO_JSON: Violation = Violation { reason: "no_json", detail: "the message has no form in JSON" };

/// One message as it enters the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    pub message_id: Uuid,
    pub response_id: Uuid,
    pub unless_sent: Option<Uuid>,
    pub due_at: DateTime<Utc>,
    pub late_from: DateTime<Utc>,
    pub message: CampaignMessage,
    /// The message as JSON.
    document: String,
    minted_at: i64,
    offset: i64,
}

impl FoldedRow for MessageRow {
    type Event = CampaignMessage;

    fn of(message: CampaignMessage, offset: i64, _append_ms: i64) -> Result<Option<Self>, Violation> {
        let ids = check_message(&message)?;
        let document = serde_json::to_string(&message).map_err(|_| NO_JSON)?;
        Ok(Some(Self {
            message_id: ids.message,
            response_id: ids.response.uuid(),
            unless_sent: ids.unless_sent,
            due_at: ids.due_at,
            late_from: ids.late_from,
            message,
            document,
            minted_at: ids.response.minted_at(),
            offset,
        }))
    }

    /// Copies are the same: the first is kept, as the table keeps it.
    fn merge(mut rows: Vec<Self>) -> Vec<Self> {
        rows.sort_by_key(|row| (row.message_id, row.offset));
        rows.dedup_by_key(|row| row.message_id);
        rows
    }

    fn offset(&self) -> i64 {
        self.offset
    }

    fn week(&self) -> Option<Week> {
        Week::of(self.minted_at)
    }
}

impl StoredRow for MessageRow {
    async fn insert(rows: &[Self], source: &Source, connection: &mut PgConnection) -> sqlx::Result<u64> {
        let texts =
            |of: fn(&CampaignMessage) -> &str| rows.iter().map(|row| of(&row.message)).collect::<Vec<_>>();
        let taken_in: i64 = sqlx::query_scalar(include_str!("sql/insert_messages.sql"))
            .bind(rows.iter().map(|row| row.message_id).collect::<Vec<_>>())
            .bind(texts(|message| &message.channel))
            .bind(texts(|message| &message.account_id))
            .bind(texts(|message| &message.quiz_id))
            .bind(rows.iter().map(|row| row.response_id).collect::<Vec<_>>())
            .bind(texts(|message| &message.campaign_id))
            .bind(texts(|message| &message.revision))
            .bind(texts(|message| &message.step_id))
            .bind(texts(|message| &message.recipient))
            .bind(texts(|message| &message.sender_pool))
            .bind(rows.iter().map(|row| row.message.unless_finished).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.unless_sent).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.document.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.due_at).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.late_from).collect::<Vec<_>>())
            // A partition's batches follow each other, so it never waits for itself.
            .bind((source.partition % TALLY_SHARDS) as i16)
            .fetch_one(connection)
            .await?;
        Ok(taken_in.cast_unsigned())
    }
}

/// Shards of a tally.
pub(crate) const TALLY_SHARDS: i32 = 16;
