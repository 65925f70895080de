//! The ledger in PostgreSQL (schema `sending`): batches of the moves that [`super::machine`] allows, each in one
//! transaction with what is told of it.

mod admit;
mod backlog;
mod expire;
mod finished;
mod lease;
mod moves;
mod outbox;

use vendzz_runtime::postgres::{PostgresConfig, Session};
use vendzz_runtime::row_fold::{CrashPoints, RangedTable, ResumeTable, RowStore, Target};
use vendzz_schemas::campaign::Channel;

pub use admit::{Admission, Candidate, Decision, SENDER_RATE, SenderChoice};
pub use lease::{LeasedRow, PoolRoom};
pub use moves::{Move, Moved};
pub use outbox::{StoredEvent, Unpublished};

use finished::LiveStatements;

/// Points within intake at which `VENDZZ_CRASH_AT` may end the process.
pub const INTAKE_CRASH_POINTS: CrashPoints = CrashPoints {
    before_rows: "intake.before_rows",
    rows_before_resume_point: "intake.rows_before_resume_point",
    before_commit: "intake.before_commit",
    after_commit: "intake.after_commit",
};

/// A row is updated several times within seconds: on the page where it is, the log of PostgreSQL's writes is less than half.
const FILLFACTOR: u8 = 60;

/// A channel's side of the ledger. Cheap to clone.
#[derive(Clone)]
pub struct LedgerStore {
    rows: RowStore,
    statements: LiveStatements,
    channel: Channel,
    /// This worker's shard of the tallies.
    shard: i16,
}

impl LedgerStore {
    /// Connects lazily; the tables must have been prepared. `group` is the channel's consumer group.
    pub fn new(config: &PostgresConfig, channel: Channel, group: &'static str, shard: i16) -> Self {
        let target = Target {
            application: group,
            group,
            resume: ResumeTable { name: "sending.resume_points", consumer_group: Some(group) },
            ranged: Some(RangedTable {
                schema: "sending",
                table: "message_ledger",
                column: "message_id",
                lock: 2,
                fillfactor: FILLFACTOR,
            }),
            crash_points: INTAKE_CRASH_POINTS,
        };
        Self { rows: RowStore::new(config, target), statements: LiveStatements::default(), channel, shard }
    }

    /// For intake's folds.
    pub fn rows(&self) -> &RowStore {
        &self.rows
    }

    pub fn channel(&self) -> Channel {
        self.channel
    }

    async fn session(&self) -> sqlx::Result<Session> {
        self.rows.session().await
    }
}

/// Milliseconds for an interval of SQL.
fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
