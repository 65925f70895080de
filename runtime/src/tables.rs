//! The two small tables that every service holds in memory: which schema has which id, and the
//! incarnation and epochs of each topic. Both are followed from Kafka, so neither needs the registry.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vendzz_schemas::codec::{Decoder, Encoder};
use vendzz_schemas::events::{AvroEvent, TopicEpochs};
use vendzz_schemas::registry::SchemaId;
use vendzz_schemas::topics;

use crate::health::{Health, Latch};
use crate::kafka::{Follower, KafkaConfig};

/// Between two looks for a schema that is not registered.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// `schema.id.v1` in memory.
#[derive(Clone, Default)]
pub struct SchemaIds {
    held: Arc<RwLock<HeldSchemas>>,
}

/// The registry gives one id to one text, also where several subjects have it (the topics of messages do).
#[derive(Default)]
struct HeldSchemas {
    by_id: HashMap<u32, SchemaId>,
    /// By [`SchemaId::key`]: subject and version.
    by_key: HashMap<String, SchemaId>,
}

impl SchemaIds {
    pub fn insert(&self, schema: SchemaId) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.by_key.insert(schema.key(), schema.clone());
        held.by_id.insert(schema.id, schema);
    }

    /// Of several subjects with that id the one that was written last; their text is the same.
    pub fn get(&self, id: u32) -> Option<SchemaId> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// In the order of the ids, then of the subjects.
    pub fn all(&self) -> Vec<SchemaId> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<SchemaId> = held.by_key.values().cloned().collect();
        all.sort_by_key(|schema| (schema.id, schema.key()));
        all
    }

    /// The id under which exactly the schema that this program was built with is registered in
    /// `topic` (real name); `None` until `vendzz schemas register` was run.
    pub fn id_of<E: AvroEvent>(&self, topic: &str) -> Option<u32> {
        let subject = topics::subject(topic, E::FULL_NAME);
        let ours: serde_json::Value = serde_json::from_str(E::SCHEMA).ok()?;
        let matches = |schema: &&SchemaId| {
            schema.subject == subject
                && serde_json::from_str::<serde_json::Value>(&schema.schema)
                    .is_ok_and(|theirs| theirs == ours)
        };
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.by_key.values().find(matches).map(|schema| schema.id)
    }

    /// An encoder of `E` for `topic`, or which command is missing.
    pub fn encoder<E: AvroEvent>(&self, topic: &str) -> anyhow::Result<Encoder<E>> {
        let id = self.id_of::<E>(topic).ok_or_else(|| {
            anyhow::anyhow!(
                "the schema of {} is not registered for {topic}: run `vendzz schemas register`",
                E::FULL_NAME
            )
        })?;
        Ok(Encoder::new(id)?)
    }

    /// An encoder as soon as there can be one. The latch says what is missing meanwhile, and is released at the end.
    pub async fn encoder_when_registered<E: AvroEvent>(&self, topic: &str, latch: &Latch) -> Encoder<E> {
        loop {
            match self.encoder(topic) {
                Ok(encoder) => {
                    latch.ready();
                    return encoder;
                }
                Err(error) => latch.missing(error.to_string()),
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// `topic.epoch.v1` in memory, by the topics' real names.
#[derive(Clone, Default)]
pub struct Epochs {
    by_topic: Arc<RwLock<HashMap<String, Arc<TopicEpochs>>>>,
}

/// A list of epochs that is not an extension of the one held.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the epochs of {0} of the same incarnation are not an extension of those held")]
pub struct EpochsRewritten(pub String);

impl Epochs {
    pub fn get(&self, topic: &str) -> Option<Arc<TopicEpochs>> {
        self.by_topic.read().unwrap_or_else(PoisonError::into_inner).get(topic).cloned()
    }

    pub fn all(&self) -> Vec<Arc<TopicEpochs>> {
        self.by_topic.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Takes a list that extends the one held, or one of a new incarnation.
    pub fn apply(&self, epochs: TopicEpochs) -> Result<(), EpochsRewritten> {
        let mut by_topic = self.by_topic.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = by_topic.get(&epochs.topic)
            && held.incarnation == epochs.incarnation
            && !epochs.epochs.starts_with(&held.epochs)
        {
            return Err(EpochsRewritten(epochs.topic));
        }
        by_topic.insert(epochs.topic.clone(), Arc::new(epochs));
        Ok(())
    }
}

/// Both tables, followed.
#[derive(Clone)]
pub struct Tables {
    pub schema_ids: SchemaIds,
    pub epochs: Epochs,
    pub schema_ids_follower: Follower,
    pub epochs_follower: Follower,
}

impl Tables {
    /// How often a consumer compares them with their topics' ends.
    pub const CHECK_EVERY: Duration = Duration::from_secs(5);

    /// Starts to follow both. `check_every` is V/3 at the edge (DESIGN section 4), and
    /// [`Self::CHECK_EVERY`] for consumers.
    pub fn follow(
        kafka: &KafkaConfig,
        check_every: Duration,
        drain: CancellationToken,
    ) -> std::io::Result<Self> {
        let (schema_ids, epochs) = (SchemaIds::default(), Epochs::default());
        let into = schema_ids.clone();
        let schema_ids_follower = Follower::start(
            kafka,
            kafka.name(topics::SCHEMA_ID),
            check_every,
            drain.clone(),
            move |record| match record.value.map(serde_json::from_slice::<SchemaId>) {
                Some(Ok(schema)) => into.insert(schema),
                Some(Err(error)) => {
                    tracing::error!(offset = record.offset, %error, "unreadable record on schema.id.v1")
                }
                None => {}
            },
        )?;
        let into = epochs.clone();
        let ids = schema_ids.clone();
        let ids_follower = schema_ids_follower.clone();
        let handle = tokio::runtime::Handle::current();
        let mut decoder = Decoder::<TopicEpochs>::default();
        let epochs_follower = Follower::start(
            kafka,
            kafka.name(topics::TOPIC_EPOCH),
            check_every,
            drain.clone(),
            move |record| {
                let Some(value) = record.value else { return };
                // Its schema stands on the other topic, which may still be on its way.
                if !ids_follower.is_caught_up() {
                    handle.block_on(async {
                        tokio::select! { () = ids_follower.caught_up() => {}, () = drain.cancelled() => {} }
                    });
                }
                match decode_epochs(&mut decoder, &ids, value) {
                    Ok(epochs) => {
                        if let Err(error) = into.apply(epochs) {
                            tracing::error!(offset = record.offset, %error, "epochs refused");
                        }
                    }
                    Err(error) => tracing::error!(
                        offset = record.offset,
                        error = format!("{error:#}"),
                        "unreadable record on topic.epoch.v1"
                    ),
                }
            },
        )?;
        Ok(Self { schema_ids, epochs, schema_ids_follower, epochs_follower })
    }

    /// What is not ready before both are read.
    pub fn latch(health: &Health) -> Latch {
        health.latch("tables", "schema.id.v1 and topic.epoch.v1 are not read to their ends")
    }

    pub async fn caught_up(&self) {
        self.schema_ids_follower.caught_up().await;
        self.epochs_follower.caught_up().await;
    }
}

fn decode_epochs(
    decoder: &mut Decoder<TopicEpochs>,
    ids: &SchemaIds,
    value: &[u8],
) -> anyhow::Result<TopicEpochs> {
    let (id, _) = vendzz_schemas::codec::split_frame(value)?;
    if !decoder.knows(id) {
        let schema =
            ids.get(id).ok_or_else(|| anyhow::anyhow!("schema id {id} does not stand on schema.id.v1"))?;
        decoder.learn(id, &schema.schema)?;
    }
    Ok(decoder.decode(value)?)
}

#[cfg(test)]
mod tests {
    use vendzz_schemas::events::Epoch;

    use super::*;

    #[test]
    fn a_schema_that_two_topics_share_is_found_for_both() {
        let ids = SchemaIds::default();
        for topic in ["a", "b"] {
            ids.insert(SchemaId {
                id: 7,
                subject: topics::subject(topic, TopicEpochs::FULL_NAME),
                version: 1,
                schema: TopicEpochs::SCHEMA.to_owned(),
            });
        }
        assert_eq!(ids.id_of::<TopicEpochs>("a"), Some(7));
        assert_eq!(ids.id_of::<TopicEpochs>("b"), Some(7));
        assert_eq!(ids.id_of::<TopicEpochs>("c"), None);
        assert_eq!(ids.all().len(), 2);
        assert!(ids.get(7).is_some());
    }

    fn list(incarnation: &str, partitions: &[i32]) -> TopicEpochs {
        let epochs = partitions
            .iter()
            .enumerate()
            .map(|(number, partitions)| Epoch {
                number: number as i32,
                begins_at: number as i64 * 1_000,
                partitions: *partitions,
                salt: 2,
            })
            .collect();
        TopicEpochs { topic: "t".into(), incarnation: incarnation.into(), epochs }
    }

    #[test]
    fn only_an_extension_or_a_new_incarnation_replaces_the_list() {
        let epochs = Epochs::default();
        epochs.apply(list("a", &[6])).unwrap();
        epochs.apply(list("a", &[6, 12])).unwrap();
        assert_eq!(epochs.apply(list("a", &[6])), Err(EpochsRewritten("t".into())));
        assert_eq!(epochs.apply(list("a", &[8, 12, 24])), Err(EpochsRewritten("t".into())));
        assert_eq!(epochs.get("t").unwrap().epochs.len(), 2);
        epochs.apply(list("b", &[3])).unwrap();
        assert_eq!(epochs.get("t").unwrap().incarnation, "b");
    }
}
