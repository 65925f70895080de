use sqlx::PgConnection;

use super::row::FoldedRow;
use crate::kernel::Source;

/// A row that has a table.
pub trait StoredRow: FoldedRow {
    /// Adds merged rows to the table, by the table's rule for two rows of one key. Returns how many
    /// rows the table gained or changed.
    fn insert(
        rows: &[Self],
        source: &Source,
        connection: &mut PgConnection,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;
}
