use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig, TableRecord};
use vendzz_runtime::tables::Tables;
use vendzz_schemas::codec::{Decoder, split_frame};

use super::definitions::{Definitions, Record};
use super::kind::Kind;

/// How long one attempt to read `schema.id.v1` to its end may take.
const SCHEMA_WAIT: Duration = Duration::from_secs(5);

/// Folds the kind's topic into `definitions`, from its start and on.
pub(super) fn follow_definitions<K: Kind>(
    kafka: &KafkaConfig,
    tables: &Tables,
    definitions: Definitions<K>,
    check_every: Duration,
    stop: CancellationToken,
) -> std::io::Result<Follower> {
    let mut reader = DefinitionReader::<K> {
        decoder: Decoder::default(),
        tables: tables.clone(),
        runtime: Handle::current(),
        stop: stop.clone(),
    };
    Follower::start(kafka, kafka.name(K::TOPIC), check_every, stop, move |record| {
        let named = std::str::from_utf8(record.key).ok().and_then(|key| K::read_key(key, record.offset));
        let Some((id, tag)) = named else {
            tracing::error!(
                topic = K::TOPIC,
                offset = record.offset,
                "a record with a key that is none of ours"
            );
            return;
        };
        let Some(decoded) = reader.read(&record) else { return };
        definitions.apply(id, tag, Record { offset: record.offset, appended_at: record.append_ms, decoded });
    })
}

/// Decodes on the follower's thread, and learns schemas from `schema.id.v1`.
struct DefinitionReader<K: Kind> {
    decoder: Decoder<K::Event>,
    tables: Tables,
    runtime: Handle,
    stop: CancellationToken,
}

impl<K: Kind> DefinitionReader<K> {
    /// `None` only when this process ends.
    fn read(&mut self, record: &TableRecord<'_>) -> Option<Result<K::Event, String>> {
        let Some(value) = record.value else {
            return Some(Err(format!("a tombstone: a {} is never deleted", K::THING.word())));
        };
        let schema_id = match split_frame(value) {
            Ok((schema_id, _)) => schema_id,
            Err(error) => return Some(Err(error.to_string())),
        };
        if !self.decoder.knows(schema_id) {
            self.wait_for_schema(schema_id)?;
            let Some(schema) = self.tables.schema_ids.get(schema_id) else {
                return Some(Err(format!("schema id {schema_id} does not stand on schema.id.v1")));
            };
            if let Err(error) = self.decoder.learn(schema_id, &schema.schema) {
                return Some(Err(error.to_string()));
            }
        }
        Some(self.decoder.decode(value).map_err(|error| error.to_string()))
    }

    /// A schema stands on its topic before the first record that uses it, so its end is far enough.
    fn wait_for_schema(&self, schema_id: u32) -> Option<()> {
        while self.tables.schema_ids.get(schema_id).is_none() {
            if self.stop.is_cancelled() {
                return None;
            }
            let read = self.runtime.block_on(self.tables.schema_ids_follower.read_to_end(SCHEMA_WAIT));
            match read {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, schema_id, "waiting for a schema"),
            }
        }
        Some(())
    }
}
