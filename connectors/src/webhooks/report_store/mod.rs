//! Reports in PostgreSQL: the ledger's rows, the events of their lives and the campaigns' tallies. What arrives at the
//! same time is applied in one transaction, since each one costs the same whatever it holds.

mod batch;
mod row;
mod tallies;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use vendzz_runtime::postgres::PostgresConfig;

use self::batch::Batches;
pub use self::row::Applied;
use super::report::Report;

/// Reports of one transaction at most.
const BATCH: usize = 200;
/// A first report waits so long for others.
const LINGER: Duration = Duration::from_millis(5);

/// PostgreSQL could not be asked, or answered with an error: nothing of the report is applied.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct ReportError(Arc<sqlx::Error>);

/// Applies reports, several at once. Cheap to clone; all clones share the batches.
#[derive(Clone)]
pub struct ReportStore {
    queue: mpsc::Sender<Asked>,
}

/// What `provider` of `account` says.
#[derive(Debug, Clone)]
struct Told {
    account: String,
    provider: String,
    report: Report,
}

struct Asked {
    told: Told,
    answer: oneshot::Sender<Result<Applied, ReportError>>,
}

impl ReportStore {
    /// Connects lazily; within a runtime of tokio. `application` is the caller's name in `pg_stat_activity`.
    pub fn new(config: &PostgresConfig, application: &str) -> Self {
        let (queue, asked) = mpsc::channel(BATCH);
        tokio::spawn(apply_all(Batches::new(config, application), asked));
        Self { queue }
    }

    /// Applies what `provider` of `account` says. Committed when it returns.
    pub async fn apply(
        &self,
        account: &str,
        provider: &str,
        report: &Report,
    ) -> Result<Applied, ReportError> {
        let told =
            Told { account: account.to_owned(), provider: provider.to_owned(), report: report.clone() };
        let (answer, applied) = oneshot::channel();
        let ended = |()| ReportError(Arc::new(sqlx::Error::WorkerCrashed));
        self.queue.send(Asked { told, answer }).await.map_err(|_| ended(()))?;
        applied.await.map_err(|_| ended(()))?
    }
}

/// Ends when nobody can ask any more.
async fn apply_all(batches: Batches, mut asked: mpsc::Receiver<Asked>) {
    let mut batch = Vec::with_capacity(BATCH);
    while asked.recv_many(&mut batch, BATCH).await > 0 {
        tokio::time::sleep(LINGER).await;
        while batch.len() < BATCH
            && let Ok(another) = asked.try_recv()
        {
            batch.push(another);
        }
        let (told, answers): (Vec<Told>, Vec<_>) = batch.drain(..).map(|one| (one.told, one.answer)).unzip();
        // Who has gone away meanwhile needs no answer.
        match batches.apply(&told).await {
            Ok(applied) => answers.into_iter().zip(applied).for_each(|(answer, applied)| {
                let _ = answer.send(Ok(applied));
            }),
            // Whatever PostgreSQL refuses in one report must not keep the others.
            Err(sqlx::Error::Database(_)) if told.len() > 1 => {
                for (answer, told) in answers.into_iter().zip(&told) {
                    let _ = answer.send(alone(&batches, told).await);
                }
            }
            Err(error) => {
                let error = ReportError(Arc::new(error));
                answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
            }
        }
    }
}

async fn alone(batches: &Batches, told: &Told) -> Result<Applied, ReportError> {
    let applied = batches.apply(std::slice::from_ref(told)).await;
    let applied = applied.map_err(|error| ReportError(Arc::new(error)))?;
    applied.first().copied().ok_or_else(|| ReportError(Arc::new(sqlx::Error::RowNotFound)))
}
