use vendzz_runtime::crash_point::crash_point;
use vendzz_runtime::kafka::{KafkaConfig, OutgoingRecord, Producer};
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::QuizAbandoned;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::QUIZ_ABANDONED;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use super::events::{NotPublished, Published};
use super::store::{Announcement, Store};

/// Announces who left. A crash between the log's acknowledgement and the mark gives a second copy, which is
/// the same, since the content stands in the decision.
pub(super) struct Publisher {
    pub(super) store: Store,
    pub(super) producer: Producer,
    pub(super) epochs: Epochs,
    pub(super) encoder: Encoder<QuizAbandoned>,
    /// Real name.
    pub(super) topic: String,
    pub(super) batch: u32,
}

impl Publisher {
    pub(super) fn topic_of(kafka: &KafkaConfig) -> String {
        kafka.name(QUIZ_ABANDONED)
    }

    /// Announces everything that is not announced, until something fails.
    pub(super) async fn publish(&self, drain: &CancellationToken) -> anyhow::Result<()> {
        while !drain.is_cancelled() {
            let undelivered = self.store.undelivered(self.batch).await?;
            if undelivered.announcements.is_empty() {
                undelivered.leave().await;
                return Ok(());
            }
            let is_last = undelivered.announcements.len() < self.batch as usize;
            crash_point("abandonment.before_publish");
            let (delivered, failure) = self.send(&undelivered.announcements).await;
            if !delivered.is_empty() {
                crash_point("abandonment.after_publish");
            }
            let failed = undelivered.announcements.len() - delivered.len();
            let keys: Vec<_> =
                delivered.iter().map(|sent| (sent.response_id, sent.quiz_id.clone())).collect();
            undelivered.mark_published(&keys).await?;
            Published { count: keys.len() as u64 }.emit();
            if let Some(why) = failure {
                NotPublished { count: failed as u64, why: &why }.emit();
                anyhow::bail!("{failed} announcements are not acknowledged: {why}");
            }
            if is_last {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Which ones the log has acknowledged, and why the first of the others was not.
    async fn send<'a>(&self, announcements: &'a [Announcement]) -> (Vec<&'a Announcement>, Option<String>) {
        let mut on_the_way = Vec::with_capacity(announcements.len());
        let mut failure = None;
        for announcement in announcements {
            match self.enqueue(announcement) {
                Ok(delivery) => on_the_way.push((announcement, delivery)),
                Err(error) => drop(failure.get_or_insert(format!("{error:#}"))),
            }
        }
        let mut delivered = Vec::with_capacity(on_the_way.len());
        for (announcement, delivery) in on_the_way {
            match delivery.await {
                Ok(_) => delivered.push(announcement),
                Err(error) => {
                    self.producer.count_failure(&error);
                    failure.get_or_insert(error.to_string());
                }
            }
        }
        (delivered, failure)
    }

    fn enqueue(
        &self,
        announcement: &Announcement,
    ) -> anyhow::Result<
        impl Future<Output = Result<vendzz_runtime::kafka::Delivered, vendzz_runtime::kafka::SendError>>,
    > {
        let event = &announcement.event.0;
        let response = TimedId::parse(&event.response_id).context("an announcement whose id is no UUIDv7")?;
        let epochs = self.epochs.get(&self.topic).with_context(|| format!("{} has no epochs", self.topic))?;
        let partition = route(&event.quiz_id, &response, &epochs)
            .with_context(|| format!("{} has no epoch", self.topic))?;
        let key = format!("{}/{}", event.quiz_id, event.response_id);
        let payload = self.encoder.encode(event)?;
        let record = OutgoingRecord {
            topic: &self.topic,
            partition,
            key: key.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        self.producer.enqueue(&record).map_err(|error| {
            self.producer.count_failure(&error);
            error.into()
        })
    }
}
