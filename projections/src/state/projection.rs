use vendzz_runtime::decode::EventReader;
use vendzz_runtime::kernel::{Applied, Batch, Fold, FoldError, OpenError, Opened, Projection, Source};
use vendzz_runtime::row_fold::{RowStore, TableFold};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::registry::RegistryClient;
use vendzz_schemas::topics::{LEAD_DETECTED, Namespace, QUIZ_DEFINITION, QUIZ_PROGRESS, QUIZ_SUBMISSION};

use super::rows::{LeadRow, PartialRow, QuizRow, ResponseRow};
use super::store::StateStore;

/// Opens a fold for each partition of the topics that have a table: definitions, submissions, progress,
/// leads.
pub struct StateProjection {
    namespace: Namespace,
    store: StateStore,
    schema_ids: SchemaIds,
    registry: RegistryClient,
}

impl StateProjection {
    pub fn new(
        namespace: Namespace,
        store: StateStore,
        schema_ids: SchemaIds,
        registry: RegistryClient,
    ) -> Self {
        Self { namespace, store, schema_ids, registry }
    }
}

impl Projection for StateProjection {
    type Fold = StateFold;

    async fn open(&self, source: &Source) -> Result<Opened<StateFold>, OpenError> {
        let resume = self.store.resume_point(source).await.map_err(|error| OpenError::Retry(error.into()))?;
        let store = RowStore::clone(&self.store);
        let source = source.clone();
        let table = match self.namespace.base(&source.topic) {
            Some(QUIZ_DEFINITION) => {
                let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
                Table::Quizzes(TableFold::new(store, source, reader, resume))
            }
            Some(QUIZ_SUBMISSION) => {
                let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
                Table::Responses(TableFold::new(store, source, reader, resume))
            }
            Some(QUIZ_PROGRESS) => {
                let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
                Table::Partials(TableFold::new(store, source, reader, resume))
            }
            Some(LEAD_DETECTED) => {
                let reader = EventReader::new(self.schema_ids.clone(), self.registry.clone());
                Table::Leads(TableFold::new(store, source, reader, resume))
            }
            _ => {
                return Err(OpenError::Stop {
                    runbook: "docs/runbooks/resume-point.md",
                    detail: format!("{} is no topic of the state projection", source.topic),
                });
            }
        };
        Ok(Opened { fold: StateFold { table }, resume, read_back: None })
    }
}

/// The fold of one partition. Durable after each batch, so it has nothing to flush.
pub struct StateFold {
    table: Table,
}

enum Table {
    Quizzes(TableFold<QuizRow>),
    Responses(TableFold<ResponseRow>),
    Partials(TableFold<PartialRow>),
    Leads(TableFold<LeadRow>),
}

impl Fold for StateFold {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Applied, FoldError> {
        match &mut self.table {
            Table::Quizzes(fold) => fold.apply(batch).await?,
            Table::Responses(fold) => fold.apply(batch).await?,
            Table::Partials(fold) => fold.apply(batch).await?,
            Table::Leads(fold) => fold.apply(batch).await?,
        }
        Ok(Applied::Durable)
    }
}
