//! Changes of many rows at once; of one, too. Each is one statement, so the rows and their audit entries are
//! one transaction also outside of a larger one.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::store::Actor;
use super::{ConsentKey, ConsentState, Key, Reason};

/// What became of rows that were to be written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Inserted, or changed.
    pub new: u64,
    /// Stood there already.
    pub known: u64,
    /// Consents that were not recorded, because who gave them has withdrawn.
    pub withdrawn: u64,
}

impl Written {
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
        self.withdrawn += other.withdrawn;
    }
}

/// In the order of the key: two batches with the same rows then wait for each other and never for ever.
pub(super) async fn suppress(
    db: &mut PgConnection,
    keys: &[(Key, Reason)],
    actor: &Actor,
) -> sqlx::Result<Written> {
    let mut wanted: BTreeMap<&Key, Reason> = BTreeMap::new();
    for (key, reason) in keys {
        // The first reason stays.
        wanted.entry(key).or_insert(*reason);
    }
    let sql = "WITH made AS (
            INSERT INTO sending.suppressions (account_id, channel, contact, reason)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            ON CONFLICT DO NOTHING RETURNING account_id, channel, contact, reason
        )
        INSERT INTO sending.permission_audit (account_id, channel, contact, action, reason, actor)
        SELECT account_id, channel, contact, 'suppressed', reason, $5 FROM made";
    let done = sqlx::query(sql)
        .bind(wanted.keys().map(|key| key.account_id.as_str()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.channel.name()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.contact.as_str()).collect::<Vec<_>>())
        .bind(wanted.values().map(|reason| reason.word()).collect::<Vec<_>>())
        .bind(actor.as_str())
        .execute(db)
        .await?;
    Ok(written(keys.len(), done.rows_affected()))
}

/// What becomes of a consent whose contact has withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterWithdrawal {
    /// It is recorded: somebody says so now.
    Grant,
    /// The withdrawal stays: the consent may be older, as the lines of a file are.
    Keep,
}

pub(super) async fn record_consents(
    db: &mut PgConnection,
    consents: &[ConsentKey],
    after_withdrawal: AfterWithdrawal,
    actor: &Actor,
) -> sqlx::Result<Written> {
    let keeps = after_withdrawal == AfterWithdrawal::Keep;
    let mut wanted: BTreeMap<&Key, &ConsentKey> = BTreeMap::new();
    for consent in consents {
        let before = wanted.get(&consent.key).map(|consent| consent.state);
        let is_kept = keeps && before == Some(ConsentState::Withdrawn);
        // Of two in one batch the later one counts.
        if !is_kept {
            wanted.insert(&consent.key, consent);
        }
    }
    // Rows stand here as they were before the statement: `kept` is a count for people, `made` is what counts.
    let sql = "WITH wanted AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                AS wanted (account_id, channel, contact, state, source)
        ),
        made AS (
            INSERT INTO sending.consents (account_id, channel, contact, state, source)
            SELECT account_id, channel, contact, state, source FROM wanted
            ON CONFLICT (account_id, channel, contact) DO UPDATE
                SET state = excluded.state, source = excluded.source, changed_at = now()
                WHERE consents.state <> excluded.state AND NOT ($7 AND consents.state = 'withdrawn')
            RETURNING account_id, channel, contact, state, source
        ),
        told AS (
            INSERT INTO sending.permission_audit (account_id, channel, contact, action, reason, actor)
            SELECT account_id, channel, contact, state, source, $6 FROM made
            RETURNING entry
        )
        SELECT
            (SELECT count(*) FROM told),
            (SELECT count(*) FROM wanted JOIN sending.consents USING (account_id, channel, contact)
                WHERE $7 AND consents.state = 'withdrawn' AND wanted.state = 'granted')";
    let (new, withdrawn): (i64, i64) = sqlx::query_as(sql)
        .bind(wanted.keys().map(|key| key.account_id.as_str()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.channel.name()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.contact.as_str()).collect::<Vec<_>>())
        .bind(wanted.values().map(|consent| consent.state.word()).collect::<Vec<_>>())
        .bind(wanted.values().map(|consent| consent.source.as_str()).collect::<Vec<_>>())
        .bind(actor.as_str())
        .bind(keeps)
        .fetch_one(db)
        .await?;
    let written = written(consents.len(), new.unsigned_abs());
    let withdrawn = withdrawn.unsigned_abs().min(written.known);
    Ok(Written { withdrawn, known: written.known - withdrawn, ..written })
}

fn written(asked: usize, new: u64) -> Written {
    Written { new, known: (asked as u64).saturating_sub(new), withdrawn: 0 }
}
