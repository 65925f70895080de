use std::sync::LazyLock;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;
use vendzz_runtime::crash_point::crash_point;

use super::{LedgerStore, millis};
use crate::ledger::State;
use crate::planted;

static MOVE: LazyLock<String> = LazyLock::new(|| {
    let sql = concat!(include_str!("../sql/move.sql"), include_str!("../sql/tell.sql"));
    planted::in_statement(&sql.replace("$SHARD", "$8"))
});

/// What the worker that holds a row, or held it last, says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub message_id: Uuid,
    /// The lease by which the worker holds the row, or held it last.
    pub token: Uuid,
    /// `waiting`, `skipped`, `sent`, `failed` or `unknown`.
    pub to: State,
    /// A bounded word.
    pub reason: Option<&'static str>,
    pub provider_ref: Option<String>,
    /// The event of the message's life; none when it is none.
    pub what: Option<&'static str>,
    /// For `waiting`: not taken again before.
    pub wait: Duration,
    /// A call that was certainly not taken: its recipient's room is given back (account, recipient).
    pub give_back: Option<(String, String)>,
    /// For `waiting`: its holder has called nobody, so it counts as no attempt.
    pub is_uncalled: bool,
}

/// A row that has moved.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Moved {
    pub message_id: Uuid,
    pub from_state: String,
    pub state: String,
}

impl LedgerStore {
    /// Moves rows in one transaction. Rows of which the word came too late, or whose holder is another, stay as they
    /// are and are left out of the answer.
    pub async fn apply(&self, moves: &[Move]) -> sqlx::Result<Vec<Moved>> {
        if moves.is_empty() {
            return Ok(Vec::new());
        }
        let mut session = self.session().await?;
        session.begin().await?;
        let outcome = session.answered(async |db| self.move_rows(db, moves).await).await;
        match outcome {
            Ok(moved) => {
                crash_point("sender.before_outcome_commit");
                session.commit().await?;
                session.release();
                Ok(moved)
            }
            Err(error) => {
                session.roll_back().await;
                Err(error)
            }
        }
    }

    /// Recipients, then rows, as an admission does: whoever gives room back never waits in a circle with whoever
    /// takes some.
    async fn lock(&self, db: &mut PgConnection, moves: &[Move]) -> sqlx::Result<()> {
        let given_back: Vec<&(String, String)> =
            moves.iter().filter_map(|row| row.give_back.as_ref()).collect();
        if !given_back.is_empty() {
            sqlx::query(include_str!("../sql/lock_recipients.sql"))
                .bind(self.channel.name())
                .bind(given_back.iter().map(|whom| whom.0.as_str()).collect::<Vec<_>>())
                .bind(given_back.iter().map(|whom| whom.1.as_str()).collect::<Vec<_>>())
                .execute(&mut *db)
                .await?;
        }
        sqlx::query(include_str!("../sql/lock_rows.sql"))
            .bind(moves.iter().map(|row| row.message_id).collect::<Vec<_>>())
            .execute(db)
            .await?;
        Ok(())
    }

    async fn move_rows(&self, db: &mut PgConnection, moves: &[Move]) -> sqlx::Result<Vec<Moved>> {
        self.lock(db, moves).await?;
        let moved: Vec<Moved> = sqlx::query_as(AssertSqlSafe(MOVE.as_str()))
            .bind(moves.iter().map(|row| row.message_id).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| row.to.name()).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| row.reason).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| row.provider_ref.as_deref()).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| row.what.unwrap_or_default()).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| millis(row.wait) as i64).collect::<Vec<_>>())
            .bind(moves.iter().map(|row| row.token).collect::<Vec<_>>())
            .bind(self.shard)
            .bind(moves.iter().map(|row| row.is_uncalled).collect::<Vec<_>>())
            .fetch_all(&mut *db)
            .await?;
        let did_move = |row: &&Move| moved.iter().any(|moved| moved.message_id == row.message_id);
        let given_back: Vec<(&Uuid, &(String, String))> = moves
            .iter()
            .filter(did_move)
            .filter_map(|row| row.give_back.as_ref().map(|whom| (&row.message_id, whom)))
            .collect();
        if !given_back.is_empty() {
            sqlx::query(include_str!("../sql/forget_sends.sql"))
                .bind(self.channel.name())
                .bind(given_back.iter().map(|(_, whom)| whom.0.as_str()).collect::<Vec<_>>())
                .bind(given_back.iter().map(|(message_id, _)| **message_id).collect::<Vec<_>>())
                .bind(given_back.iter().map(|(_, whom)| whom.1.as_str()).collect::<Vec<_>>())
                .execute(db)
                .await?;
        }
        Ok(moved)
    }
}
