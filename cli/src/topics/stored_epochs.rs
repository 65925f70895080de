use anyhow::{Context, anyhow};
use vendzz_runtime::tables::Epochs;
use vendzz_schemas::codec::{Decoder, split_frame};
use vendzz_schemas::events::TopicEpochs;
use vendzz_schemas::topics::TOPIC_EPOCH;

use crate::cluster::Cluster;
use crate::schemas::StoredSchemas;

/// What stands on `topic.epoch.v1`. A record that cannot be read is an error, never a topic
/// without epochs: that would be given a new incarnation.
pub(crate) fn read_epochs(cluster: &Cluster, schemas: &StoredSchemas) -> anyhow::Result<Epochs> {
    let topic = cluster.config().name(TOPIC_EPOCH);
    let epochs = Epochs::default();
    if !cluster.topics()?.contains_key(&topic) {
        return Ok(epochs);
    }
    let mut decoder = Decoder::<TopicEpochs>::default();
    for record in cluster.read_whole(&topic)? {
        let Some(value) = record.value else { continue };
        let read = decode(&mut decoder, schemas, &value);
        let read = read.with_context(|| format!("{topic} cannot be read at offset {}", record.offset))?;
        epochs.apply(read).with_context(|| format!("{topic}, offset {}", record.offset))?;
    }
    Ok(epochs)
}

fn decode(
    decoder: &mut Decoder<TopicEpochs>,
    schemas: &StoredSchemas,
    value: &[u8],
) -> anyhow::Result<TopicEpochs> {
    let (id, _) = split_frame(value)?;
    if !decoder.knows(id) {
        let text = schemas.text_of(id).ok_or_else(|| {
            anyhow!("its schema id {id} does not stand on schema.id.v1; run `vendzz schemas register`")
        })?;
        decoder.learn(id, text)?;
    }
    Ok(decoder.decode(value)?)
}
