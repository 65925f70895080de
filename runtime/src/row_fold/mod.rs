//! Folds of a partition into a table in PostgreSQL, as the state projection and the ledger's intake do it.
//!
//! ```text
//! records ──decode──> events ──rows──> merged, sorted rows ──store──> one transaction: rows, resume point
//! ```

mod error;
#[cfg(feature = "planted-faults")]
mod planted;
mod ranges;
mod resume_points;
mod row;
mod store;
mod stored_row;
mod table_fold;
mod week;
mod write;

pub use error::WriteError;
pub use ranges::RangedTable;
pub use resume_points::ResumeTable;
pub use row::{FoldedRow, Placed, fold_events};
pub use store::{CrashPoints, RowStore, Target};
pub use stored_row::StoredRow;
pub use table_fold::TableFold;
pub use week::Week;
