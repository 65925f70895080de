//! The analytics projection: views, submissions and bots of each quiz, by hour and by minute, and by
//! hour the way through its elements, in ScyllaDB (or Cassandra). How it counts, and why it is exact:
//!
//! - [`SourceFold`] is the fold: pure, without I/O. Each row belongs to one (quiz, hour, source) and
//!   is a function of the records of its source up to the row's last offset.
//! - [`cql::Store`] writes rows as absolute values in one cell `USING TIMESTAMP last_offset + 1`, so
//!   an older writer always loses and a repeated write changes nothing.
//! - [`AnalyticsProjection`] joins the two for the consumer kernel: rows first, resume point last.
//! - [`read::Reader`] adds up the few sources of a quiz.

mod breakdown;
mod calendar;
mod config;
pub mod cql;
mod decode;
mod event;
mod flush;
mod funnel;
mod planted;
mod projection;
pub mod read;
mod rows;
mod source_fold;
mod totals;

pub use breakdown::{Breakdown, MAX_VALUE_BYTES, MAX_VALUES};
pub use calendar::{DAY_MS, Day, HOUR_MS, MINUTE_MS, Month, hour_of, minute_of};
pub use config::{AnalyticsConfig, CqlConfig, Replication};
pub use decode::Decoding;
pub use event::{Event, EventKind, LogRecord};
pub use flush::CRASH_POINTS;
pub use funnel::{FunnelTotals, MAX_STEPS, StepTotals};
pub use projection::{AnalyticsFold, AnalyticsProjection};
pub use rows::RowKey;
pub use source_fold::{Missing, Outcome, SourceFold};
pub use totals::{HourTotals, MinuteTotals, Totals};

use vendzz_schemas::topics;

/// Version of the fold: part of the tables' names (`…_v1`) and of every resume point. A change of
/// what a log folds to is a new version, new tables and a rebuild; `tests/analytics_golden.rs`
/// fails when the output changes and this number does not.
///
/// Still 1 with the funnels: they are rows of a table of their own, and the records of a log that was
/// folded before them name no elements, so that the same log gives the same rows as before. A resume
/// point of before covers no record that would have made a funnel.
pub const FOLD_VERSION: i32 = 1;

/// What the projection reads; names of the catalogue.
pub const TOPICS: [&str; 3] = [topics::QUIZ_VIEW, topics::QUIZ_PROGRESS, topics::QUIZ_SUBMISSION];

/// Consumer group, behind the namespace's prefix.
pub const GROUP: &str = "project.analytics";
