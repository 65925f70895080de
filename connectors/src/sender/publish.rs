//! Events of messages' lives from the ledger to the log. A crash between the log's acknowledgement and the mark gives
//! a second copy, which is the same.

use anyhow::Context;
use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::kafka::{Delivered, OutgoingRecord, Producer, SendError};
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::CampaignDelivery;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route_message;

use crate::ledger::store::{LedgerStore, StoredEvent, Unpublished};
use crate::planted::Fault;

/// Events of one transaction at most.
const BATCH: i64 = 500;

pub(super) struct Publisher {
    pub(super) store: LedgerStore,
    pub(super) producer: Producer,
    pub(super) epochs: Epochs,
    pub(super) encoder: Encoder<CampaignDelivery>,
    /// Real name of `campaign.delivery.v1`.
    pub(super) topic: String,
}

impl Publisher {
    /// Publishes one batch; says whether there may be more.
    pub(super) async fn publish(&self) -> anyhow::Result<bool> {
        let unpublished = self.store.unpublished(BATCH).await?;
        if unpublished.events.is_empty() {
            unpublished.leave().await;
            return Ok(false);
        }
        let is_full = unpublished.events.len() as i64 == BATCH;
        if Fault::PublishMarksBeforeAck.is_planted() {
            self.mark_first(unpublished).await?;
            return Ok(is_full);
        }
        crash_point("sender.before_publish");
        let (published, failure) = self.send(&unpublished.events).await;
        crash_point("sender.after_publish");
        unpublished.mark(&published).await?;
        match failure {
            Some(why) => anyhow::bail!("the log has not acknowledged every event: {why}"),
            None => Ok(is_full),
        }
    }

    /// What stands in for the rest of [`Self::publish`] under [`Fault::PublishMarksBeforeAck`].
    async fn mark_first(&self, mut unpublished: Unpublished) -> anyhow::Result<()> {
        let events = std::mem::take(&mut unpublished.events);
        let all: Vec<(Uuid, i16)> = events.iter().map(|event| (event.message_id, event.number)).collect();
        unpublished.mark(&all).await?;
        crash_point("sender.before_publish");
        self.send(&events).await;
        Ok(())
    }

    async fn send(&self, events: &[StoredEvent]) -> (Vec<(Uuid, i16)>, Option<String>) {
        let mut on_the_way = Vec::with_capacity(events.len());
        let mut failure = None;
        for event in events {
            match self.enqueue(event) {
                Ok(delivery) => on_the_way.push((event, delivery)),
                Err(error) => drop(failure.get_or_insert(format!("{error:#}"))),
            }
        }
        let mut published = Vec::with_capacity(on_the_way.len());
        for (event, delivery) in on_the_way {
            match delivery.await {
                Ok(_) => published.push((event.message_id, event.number)),
                Err(error) => {
                    self.producer.count_failure(&error);
                    failure.get_or_insert(error.to_string());
                }
            }
        }
        (published, failure)
    }

    fn enqueue(
        &self,
        stored: &StoredEvent,
    ) -> anyhow::Result<impl Future<Output = Result<Delivered, SendError>>> {
        let event: CampaignDelivery =
            serde_json::from_str(&stored.event).context("an event in the ledger is none")?;
        let response = TimedId::parse(&event.response_id).context("an event whose response is no UUIDv7")?;
        let epochs = self.epochs.get(&self.topic).with_context(|| format!("{} has no epochs", self.topic))?;
        let partition = route_message(&event.message_id, &response, &epochs)
            .with_context(|| format!("{} has no epoch", self.topic))?;
        let payload = self.encoder.encode(&event)?;
        let record = OutgoingRecord {
            topic: &self.topic,
            partition,
            key: event.message_id.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        self.producer.enqueue(&record).map_err(|error| {
            self.producer.count_failure(&error);
            error.into()
        })
    }
}
