use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::{RowStore, Week, WriteError};

/// Serialises the making of a table's ranges among processes ("vdzz", the table's number).
const LOCK: &str = "SELECT pg_advisory_xact_lock(1986296442, $1)";

/// Names of a table's ranges, DEFAULT included.
const ATTACHED: &str = "SELECT child.relname::text
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    WHERE pg_inherits.inhparent = $1::regclass
        AND NOT pg_inherits.inhdetachpending";

/// ATTACH wants DEFAULT for itself for a moment. Behind a long query it gives up soon, and comes
/// again, rather than hold up everybody who comes after it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '250ms'";

/// A table that is range-partitioned by a timed id, a week a range.
#[derive(Debug, Clone, Copy)]
pub struct RangedTable {
    pub schema: &'static str,
    pub table: &'static str,
    /// The id.
    pub column: &'static str,
    /// Of the advisory lock under which its ranges are made; each such table has its own.
    pub lock: i32,
    /// Percent of a page of a new range that inserts fill; updates fill the rest.
    pub fillfactor: u8,
}

impl RangedTable {
    fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }
}

/// The ranges known to be there.
#[derive(Clone, Default)]
pub(super) struct Ranges {
    /// Names of their tables.
    attached: Arc<RwLock<BTreeSet<String>>>,
    /// One at a time within this process.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Ranges {
    fn missing(&self, table: RangedTable, weeks: &BTreeSet<Week>) -> Vec<Week> {
        let attached = self.attached.read().unwrap_or_else(PoisonError::into_inner);
        weeks.iter().filter(|week| !attached.contains(&week.table(table.table))).copied().collect()
    }

    fn are_now(&self, attached: BTreeSet<String>) {
        *self.attached.write().unwrap_or_else(PoisonError::into_inner) = attached;
    }
}

impl RowStore {
    /// Makes the ranges that are not there yet. Without any missing it asks nobody.
    pub(crate) async fn make_ranges(&self, weeks: &BTreeSet<Week>) -> Result<(), WriteError> {
        let Some(table) = self.target.ranged else { return Ok(()) };
        if self.ranges.missing(table, weeks).is_empty() {
            return Ok(());
        }
        let _making = self.ranges.making.lock().await;
        let mut session = self.session().await?;
        self.ranges
            .are_now(session.answered(async |connection| attached_ranges(connection, table).await).await?);
        for week in self.ranges.missing(table, weeks) {
            session.begin().await?;
            if let Err(error) =
                session.answered(async |connection| make_range(connection, table, week).await).await
            {
                session.roll_back().await;
                return Err(error.into());
            }
            session.commit().await?;
            tracing::info!(range = week.table(table.table), "range made");
        }
        self.ranges
            .are_now(session.answered(async |connection| attached_ranges(connection, table).await).await?);
        session.release();
        Ok(())
    }

    /// After a row found no range: look again what is there.
    pub(crate) fn forget_ranges(&self) {
        self.ranges.are_now(BTreeSet::new());
    }
}

async fn attached_ranges(
    connection: &mut PgConnection,
    table: RangedTable,
) -> sqlx::Result<BTreeSet<String>> {
    let names: Vec<String> =
        sqlx::query_scalar(ATTACHED).bind(table.full_name()).fetch_all(connection).await?;
    Ok(names.into_iter().collect())
}

/// Within a transaction. The new table is empty and its CHECK says what it will hold, as DEFAULT's
/// CHECK says that it holds nothing of it, so ATTACH reads neither.
async fn make_range(connection: &mut PgConnection, table: RangedTable, week: Week) -> sqlx::Result<()> {
    connection.execute(LOCK_TIMEOUT).await?;
    sqlx::query(LOCK).bind(table.lock).execute(&mut *connection).await?;
    if attached_ranges(connection, table).await?.contains(&week.table(table.table)) {
        return Ok(());
    }
    let (parent, id, schema) = (table.full_name(), table.column, table.schema);
    let (range, from, to) = (week.table(table.table), week.from(), week.to());
    let create = format!(
        "CREATE TABLE {schema}.{range} (
            LIKE {parent} INCLUDING ALL,
            CONSTRAINT within_its_week CHECK ({id} >= '{from}' AND {id} < '{to}')
        ) WITH (fillfactor = {fillfactor})",
        fillfactor = table.fillfactor
    );
    connection.execute(AssertSqlSafe(create)).await?;
    let attach = format!(
        "ALTER TABLE {parent} ATTACH PARTITION {schema}.{range} FOR VALUES FROM ('{from}') TO ('{to}')"
    );
    connection.execute(AssertSqlSafe(attach)).await?;
    Ok(())
}
