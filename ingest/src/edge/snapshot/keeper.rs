use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use metrics::Gauge;
use vendzz_runtime::tables::Tables;
use vendzz_runtime::telemetry::MetricName;

use super::file::SavedDefinition;
use super::{Snapshot, SnapshotError};
use crate::edge::clock;
use crate::edge::log::AddressKeys;
use crate::edge::quizzes::{DefinitionStore, VersionedDefinition};

/// Writes the snapshot of an edge's memory, and fills the memory from it.
#[derive(Clone)]
pub struct SnapshotKeeper {
    folder: PathBuf,
    prefix: String,
    tables: Tables,
    definitions: Arc<DefinitionStore>,
    address_keys: AddressKeys,
    age: Gauge,
}

impl SnapshotKeeper {
    pub fn new(
        folder: PathBuf,
        prefix: String,
        tables: Tables,
        definitions: Arc<DefinitionStore>,
        address_keys: AddressKeys,
    ) -> Self {
        Self { folder, prefix, tables, definitions, address_keys, age: MetricName::SnapshotAge.gauge() }
    }

    /// Writes one every so often, for ever. To be started once the log has been read: what came from a
    /// snapshot is not written as if it were new.
    pub async fn keep(&self, every: Duration) {
        let mut written = None;
        loop {
            match self.write().await {
                Ok(()) => written = Some(tokio::time::Instant::now()),
                Err(error) => tracing::error!(%error, "the snapshot could not be written"),
            }
            for _ in 0..every.as_secs().max(1) {
                if let Some(written) = written {
                    self.age.set(tokio::time::Instant::now().duration_since(written).as_secs_f64());
                }
                tokio::time::sleep(every.min(Duration::from_secs(1))).await;
            }
        }
    }

    /// Writes one now.
    pub async fn write(&self) -> Result<(), SnapshotError> {
        let keeper = self.clone();
        let written = tokio::task::spawn_blocking(move || keeper.take().write(&keeper.folder)).await;
        written.unwrap_or_else(|error| {
            let source = std::io::Error::other(error);
            Err(SnapshotError::Io { path: self.folder.clone(), source })
        })
    }

    /// Fills the memory from the file. Returns when it was written, milliseconds since 1970 (UTC).
    pub fn load(&self) -> Result<i64, SnapshotError> {
        let snapshot = Snapshot::read(&self.folder, &self.prefix)?;
        for schema in snapshot.schema_ids {
            self.tables.schema_ids.insert(schema);
        }
        for epochs in snapshot.epochs {
            if let Err(error) = self.tables.epochs.apply(epochs) {
                // Then the log has been heard meanwhile, which counts.
                tracing::warn!(%error, "epochs of the snapshot are not used");
            }
        }
        self.address_keys.load_snapshot(snapshot.address_keys, clock::now_ms());
        let saved = snapshot.definitions.into_iter();
        self.definitions.load_snapshot(
            saved.map(|saved| VersionedDefinition { version: saved.version, definition: saved.definition }),
        );
        Ok(snapshot.written_at)
    }

    fn take(&self) -> Snapshot {
        let now = clock::now_ms();
        let definitions = self.definitions.all();
        Snapshot {
            written_at: now,
            prefix: self.prefix.clone(),
            definitions: definitions
                .iter()
                .map(|quiz| SavedDefinition { version: quiz.version, definition: quiz.definition.clone() })
                .collect(),
            epochs: self.tables.epochs.all().iter().map(|epochs| (**epochs).clone()).collect(),
            schema_ids: self.tables.schema_ids.all(),
            address_keys: self.address_keys.for_snapshot(now),
        }
    }
}
