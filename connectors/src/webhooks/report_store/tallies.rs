use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::row::Row;
use crate::intake::TALLY_SHARDS;

/// How a batch changes the campaigns' tallies, in the order in which everybody takes their rows' locks.
#[derive(Debug, Default)]
pub(super) struct Tallies<'a>(BTreeMap<(&'a str, &'a str, &'a str), i64>);

/// States in which a message rests; the others are not tallied, since messages go through them all the time.
fn is_tallied(state: &str) -> bool {
    matches!(state, "sent" | "failed" | "skipped" | "unknown")
}

impl<'a> Tallies<'a> {
    pub(super) fn count(&mut self, before: &'a Row, after: &'a Row) {
        if before.report != after.report {
            self.add(after, after.report.as_deref(), 1);
            self.add(before, before.report.as_deref(), -1);
        }
        if before.state != after.state {
            self.add(after, Some(after.state.as_str()).filter(|state| is_tallied(state)), 1);
            self.add(before, Some(before.state.as_str()).filter(|state| is_tallied(state)), -1);
        }
    }

    fn add(&mut self, row: &'a Row, what: Option<&'a str>, change: i64) {
        if let Some(what) = what {
            *self.0.entry((&row.campaign_id, &row.channel, what)).or_default() += change;
        }
    }

    pub(super) async fn write(self, db: &mut PgConnection) -> sqlx::Result<()> {
        let changes: Vec<_> = self.0.into_iter().filter(|(_, change)| *change != 0).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let shard = rand::random_range(0..TALLY_SHARDS) as i16;
        let sql = "INSERT INTO sending.campaign_tallies (campaign_id, channel, what, shard, messages)
            SELECT campaign_id, channel, what, $1, change
            FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
                AS changes (campaign_id, channel, what, change)
            ON CONFLICT (campaign_id, channel, what, shard)
                DO UPDATE SET messages = campaign_tallies.messages + excluded.messages";
        sqlx::query(sql)
            .bind(shard)
            .bind(changes.iter().map(|((campaign_id, _, _), _)| *campaign_id).collect::<Vec<_>>())
            .bind(changes.iter().map(|((_, channel, _), _)| *channel).collect::<Vec<_>>())
            .bind(changes.iter().map(|((_, _, what), _)| *what).collect::<Vec<_>>())
            .bind(changes.iter().map(|(_, change)| *change).collect::<Vec<_>>())
            .execute(db)
            .await?;
        Ok(())
    }
}
