use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::{
    CommittedOffsets, GroupPosition, OpenError, Opened, Projection, RESUME_POINT_RUNBOOK, Source,
};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::Namespace;

use super::planted::Fault;
use super::records::RecordReader;
use super::{EmitFrom, FanoutFold, FanoutParts};

/// Opens a fold for each partition of submissions and abandonments.
pub struct FanoutProjection {
    pub parts: Arc<FanoutParts>,
    pub offsets: CommittedOffsets,
    pub namespace: Namespace,
    pub schema_ids: SchemaIds,
    pub registry: RegistryClient,
    pub emit_from: Option<EmitFrom>,
    pub dedupe_window: Duration,
    pub clock_difference_ms: i64,
}

impl Projection for FanoutProjection {
    type Fold = FanoutFold;

    async fn open(&self, source: &Source) -> Result<Opened<FanoutFold>, OpenError> {
        let topic = self.namespace.base(&source.topic).unwrap_or_default();
        let (schema_ids, registry) = (self.schema_ids.clone(), self.registry.clone());
        let Some(reader) = RecordReader::of_topic(topic, schema_ids, registry, self.clock_difference_ms)
        else {
            return Err(stop(format!("{} is no topic of fan-out", source.topic)));
        };
        let position = self.offsets.position(source).await?;
        // Where nothing stands, nothing can be followed up again.
        if position == GroupPosition::Nothing
            && self.emit_from.is_none()
            && !self.offsets.is_empty(source).await?
        {
            return Err(stop(
                "no offset is committed, so every response in the log would be followed up again: set \
                 VENDZZ_FANOUT_EMIT_FROM to the append time from which messages are made (RFC 3339 or milliseconds), \
                 or to `all`"
                    .to_owned(),
            ));
        }
        let window = (!Fault::NoDedupe.is_planted()).then_some(self.dedupe_window);
        let fold = FanoutFold {
            parts: self.parts.clone(),
            reader,
            emit_from: self.emit_from.unwrap_or(EmitFrom::All),
            duplicates: window.map(|window| DedupeWindow::new(window, &source.incarnation)),
            undecided: VecDeque::new(),
            prepared: None,
            has_applied: false,
        };
        Ok(Opened { fold, resume: position.resume_point(), read_back: window })
    }
}

fn stop(detail: String) -> OpenError {
    OpenError::Stop { runbook: RESUME_POINT_RUNBOOK, detail }
}
