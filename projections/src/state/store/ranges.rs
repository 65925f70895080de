use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::{StateStore, WriteError};
use crate::state::rows::Week;

/// Serialises the making of ranges among projectors ("vdzz", 1).
const LOCK: &str = "SELECT pg_advisory_xact_lock(1986296442, 1)";

/// ATTACH wants DEFAULT for itself for a moment. Behind a long query it gives up soon, and comes
/// again, rather than hold up everybody who comes after it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '250ms'";

/// The ranges of `quiz_responses` known to be there.
#[derive(Clone, Default)]
pub(super) struct Ranges {
    /// Names of their tables.
    attached: Arc<RwLock<BTreeSet<String>>>,
    /// One at a time within this process.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Ranges {
    fn missing(&self, weeks: &BTreeSet<Week>) -> Vec<Week> {
        let attached = self.attached.read().unwrap_or_else(PoisonError::into_inner);
        weeks.iter().filter(|week| !attached.contains(&week.table())).copied().collect()
    }

    fn are_now(&self, attached: BTreeSet<String>) {
        *self.attached.write().unwrap_or_else(PoisonError::into_inner) = attached;
    }
}

impl StateStore {
    /// Makes the ranges that are not there yet. Without any missing it asks nobody.
    pub(crate) async fn make_ranges(&self, weeks: &BTreeSet<Week>) -> Result<(), WriteError> {
        if self.ranges.missing(weeks).is_empty() {
            return Ok(());
        }
        let _making = self.ranges.making.lock().await;
        let mut session = self.session().await?;
        self.ranges.are_now(session.answered(attached_ranges).await?);
        for week in self.ranges.missing(weeks) {
            session.begin().await?;
            if let Err(error) = session.answered(async |connection| make_range(connection, week).await).await
            {
                session.roll_back().await;
                return Err(error.into());
            }
            session.commit().await?;
            tracing::info!(range = week.table(), "range of quiz_responses made");
        }
        self.ranges.are_now(session.answered(attached_ranges).await?);
        session.release();
        Ok(())
    }

    /// After a row found no range: look again what is there.
    pub(crate) fn forget_ranges(&self) {
        self.ranges.are_now(BTreeSet::new());
    }
}

async fn attached_ranges(connection: &mut PgConnection) -> sqlx::Result<BTreeSet<String>> {
    let names: Vec<String> =
        sqlx::query_scalar(include_str!("../sql/attached_ranges.sql")).fetch_all(connection).await?;
    Ok(names.into_iter().collect())
}

/// Within a transaction. The new table is empty and its CHECK says what it will hold, as DEFAULT's
/// CHECK says that it holds nothing of it, so ATTACH reads neither.
async fn make_range(connection: &mut PgConnection, week: Week) -> sqlx::Result<()> {
    connection.execute(LOCK_TIMEOUT).await?;
    connection.execute(LOCK).await?;
    if attached_ranges(connection).await?.contains(&week.table()) {
        return Ok(());
    }
    let (table, from, to) = (week.table(), week.from(), week.to());
    let create = format!(
        "CREATE TABLE state_v1.{table} (
            LIKE state_v1.quiz_responses INCLUDING ALL,
            CONSTRAINT within_its_week CHECK (response_id >= '{from}' AND response_id < '{to}')
        )"
    );
    connection.execute(AssertSqlSafe(create)).await?;
    let attach = format!(
        "ALTER TABLE state_v1.quiz_responses ATTACH PARTITION state_v1.{table} FOR VALUES FROM ('{from}') TO ('{to}')"
    );
    connection.execute(AssertSqlSafe(attach)).await?;
    Ok(())
}
