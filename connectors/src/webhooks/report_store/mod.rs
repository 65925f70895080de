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
const LINGER: Duration = Duration::from_millis(20);

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
    answer: Answer,
}

type Answer = oneshot::Sender<Result<Applied, ReportError>>;

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
    let batches = Arc::new(batches);
    let mut batch = Vec::with_capacity(BATCH);
    while asked.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() < BATCH {
            tokio::time::sleep(LINGER).await;
        }
        while batch.len() < BATCH
            && let Ok(another) = asked.try_recv()
        {
            batch.push(another);
        }
        // A task of its own: should it panic, its own reports are answered by an error and the next batch comes.
        let _ = tokio::spawn(settle(batches.clone(), std::mem::take(&mut batch))).await;
    }
}

/// Who has gone away meanwhile needs no answer.
async fn settle(batches: Arc<Batches>, batch: Vec<Asked>) {
    let (told, answers): (Vec<Told>, Vec<_>) = batch.into_iter().map(|one| (one.told, one.answer)).unzip();
    match batches.apply(&told).await {
        Ok(applied) => answers.into_iter().zip(applied).for_each(|(answer, applied)| {
            let _ = answer.send(Ok(applied));
        }),
        Err(error) if told.len() > 1 && is_of_the_data(&error) => {
            one_by_one(&batches, &told, answers).await;
        }
        Err(error) => all_fail(answers, error),
    }
}

/// What PostgreSQL refuses in one report must not keep the others.
async fn one_by_one(batches: &Batches, told: &[Told], answers: Vec<Answer>) {
    let mut left = told.iter().zip(answers);
    while let Some((told, answer)) = left.next() {
        if answer.is_closed() {
            continue;
        }
        match batches.apply(std::slice::from_ref(told)).await {
            Ok(applied) => {
                let applied = applied.first().copied();
                let _ = answer.send(applied.ok_or_else(|| ReportError(Arc::new(sqlx::Error::RowNotFound))));
            }
            Err(error) if is_of_the_data(&error) => drop(answer.send(Err(ReportError(Arc::new(error))))),
            // PostgreSQL itself: the rest would only wait for the same.
            Err(error) => {
                let rest = std::iter::once(answer).chain(left.map(|(_, answer)| answer));
                return all_fail(rest, error);
            }
        }
    }
}

fn all_fail(answers: impl IntoIterator<Item = Answer>, error: sqlx::Error) {
    let error = ReportError(Arc::new(error));
    answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
}

/// Classes 22 (data exception) and 23 (integrity constraint violation) of SQLSTATE.
fn is_of_the_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}
