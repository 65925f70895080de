use std::sync::Arc;

use vendzz_runtime::decode::EventReader;
use vendzz_runtime::kernel::{Applied, Batch, Fold, FoldError, OpenError, Opened, Projection, Source};
use vendzz_runtime::row_fold::{RowStore, TableFold};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::{CAMPAIGN_DEFINITION, Namespace};

use super::{Backlog, CampaignRow, MessageRow};

/// Opens a fold for each partition of a channel's topic and of the campaigns' definitions.
pub struct IntakeProjection {
    pub namespace: Namespace,
    pub channel: Channel,
    pub store: RowStore,
    pub schema_ids: SchemaIds,
    pub registry: RegistryClient,
    pub backlog: Arc<Backlog>,
}

impl Projection for IntakeProjection {
    type Fold = IntakeFold;

    async fn open(&self, source: &Source) -> Result<Opened<IntakeFold>, OpenError> {
        let resume = self.store.resume_point(source).await.map_err(|error| OpenError::Retry(error.into()))?;
        let (store, source) = (self.store.clone(), source.clone());
        let base = self.namespace.base(&source.topic);
        let table = if base == Some(CAMPAIGN_DEFINITION) {
            let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
            Table::Campaigns(TableFold::new(store, source, reader, resume))
        } else if base == Some(self.channel.topic()) {
            let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
            Table::Messages(TableFold::new(store, source, reader, resume), self.backlog.clone())
        } else {
            return Err(OpenError::Stop {
                runbook: "docs/runbooks/resume-point.md",
                detail: format!("{} is no topic of the channel {}", source.topic, self.channel.name()),
            });
        };
        Ok(Opened { fold: IntakeFold { table }, resume, read_back: None })
    }
}

/// The fold of one partition. Durable after each batch, so it has nothing to flush.
pub struct IntakeFold {
    table: Table,
}

enum Table {
    Messages(TableFold<MessageRow>, Arc<Backlog>),
    Campaigns(TableFold<CampaignRow>),
}

impl Fold for IntakeFold {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        match &mut self.table {
            Table::Messages(fold, backlog) => {
                backlog.has_room().await;
                fold.apply(batch).await?;
            }
            Table::Campaigns(fold) => fold.apply(batch).await?,
        }
        Ok(Applied::Durable)
    }
}
