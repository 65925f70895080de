use sqlx::types::Uuid;
use vendzz_runtime::postgres::Session;

use super::LedgerStore;

/// An event of a message's life as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredEvent {
    pub message_id: Uuid,
    pub number: i16,
    /// A `CampaignDelivery` as JSON.
    pub event: String,
}

/// A transaction that holds events which the log has not acknowledged: nobody else publishes them meanwhile.
pub struct Unpublished {
    session: Session,
    pub events: Vec<StoredEvent>,
}

impl LedgerStore {
    /// At most `limit` events, of whatever channel, that were not published.
    pub async fn unpublished(&self, limit: i64) -> sqlx::Result<Unpublished> {
        let mut session = self.session().await?;
        session.begin().await?;
        let events = session
            .answered(async |db| {
                sqlx::query_as(include_str!("../sql/unpublished.sql")).bind(limit).fetch_all(db).await
            })
            .await;
        match events {
            Ok(events) => Ok(Unpublished { session, events }),
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }
}

impl Unpublished {
    /// Marks what the log has acknowledged.
    pub async fn mark(mut self, published: &[(Uuid, i16)]) -> sqlx::Result<()> {
        let outcome = self
            .session
            .answered(async |db| {
                sqlx::query(include_str!("../sql/mark_published.sql"))
                    .bind(published.iter().map(|(message_id, _)| *message_id).collect::<Vec<_>>())
                    .bind(published.iter().map(|(_, number)| *number).collect::<Vec<_>>())
                    .execute(db)
                    .await
            })
            .await;
        if let Err(error) = outcome {
            self.session.roll_back().await;
            return Err(error);
        }
        self.session.commit().await?;
        self.session.release();
        Ok(())
    }

    /// Lets go without having published anything.
    pub async fn leave(self) {
        self.session.roll_back().await;
    }
}
