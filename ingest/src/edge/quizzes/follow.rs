use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use vendzz_runtime::kafka::{Follower, KafkaConfig, TableRecord};
use vendzz_runtime::tables::Tables;
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::codec::{CodecError, Decoder};
use vendzz_schemas::events::QuizDefinition;
use vendzz_schemas::topics;

use super::{DefinitionStore, VersionedDefinition};

/// How often the position is compared with the topic's end.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// A schema id is announced on `schema.id.v1` before anybody writes with it, so it can only be late.
const SCHEMA_WAIT: Duration = Duration::from_secs(30);
const SCHEMA_POLL: Duration = Duration::from_millis(50);

/// Follows `quiz.definition.v1` into the store.
pub fn follow_definitions(
    kafka: &KafkaConfig,
    tables: Tables,
    store: Arc<DefinitionStore>,
    drain: CancellationToken,
) -> std::io::Result<Follower> {
    let mut reader = DefinitionReader { tables, decoder: Decoder::default(), drain: drain.clone() };
    Follower::start(
        kafka,
        kafka.name(topics::QUIZ_DEFINITION),
        CHECK_EVERY,
        drain,
        move |record| match reader.read(&record) {
            Ok(Some(definition)) => store.apply(VersionedDefinition { version: record.offset, definition }),
            Ok(None) => {}
            Err(error) => {
                MetricName::DefinitionsRefused.counter().increment(1);
                let (partition, offset) = (record.partition, record.offset);
                tracing::error!(partition, offset, %error, "a record of quiz.definition.v1 is not readable");
            }
        },
    )
}

struct DefinitionReader {
    tables: Tables,
    decoder: Decoder<QuizDefinition>,
    drain: CancellationToken,
}

impl DefinitionReader {
    /// `None` for a tombstone, which nobody writes: a definition is never deleted.
    fn read(&mut self, record: &TableRecord<'_>) -> Result<Option<QuizDefinition>, CodecError> {
        let Some(framed) = record.value else { return Ok(None) };
        match self.decoder.decode(framed) {
            Err(CodecError::UnknownSchema(id)) => self.learn(id)?,
            outcome => return outcome.map(Some),
        }
        self.decoder.decode(framed).map(Some)
    }

    /// Waits for the schema. This thread may: it does nothing else.
    fn learn(&mut self, id: u32) -> Result<(), CodecError> {
        let mut waiting_since = Instant::now();
        loop {
            if let Some(schema) = self.tables.schema_ids.get(id) {
                return self.decoder.learn(id, &schema.schema);
            }
            if !self.tables.schema_ids_follower.is_caught_up() {
                waiting_since = Instant::now();
            }
            if waiting_since.elapsed() > SCHEMA_WAIT || self.drain.is_cancelled() {
                return Err(CodecError::UnknownSchema(id));
            }
            std::thread::sleep(SCHEMA_POLL);
        }
    }
}
