//! Changes of many rows at once; of one, too. Each is one statement, so the rows and their audit entries are
//! one transaction also outside of a larger one.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::store::Actor;
use super::{ConsentKey, Key, Reason};

/// What became of rows that were to be written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Inserted, or changed.
    pub new: u64,
    /// Stood there already.
    pub known: u64,
}

impl Written {
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
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

pub(super) async fn record_consents(
    db: &mut PgConnection,
    consents: &[ConsentKey],
    actor: &Actor,
) -> sqlx::Result<Written> {
    let mut wanted: BTreeMap<&Key, &ConsentKey> = BTreeMap::new();
    for consent in consents {
        // Of two in one batch the later one counts.
        wanted.insert(&consent.key, consent);
    }
    let sql = "WITH made AS (
            INSERT INTO sending.consents (account_id, channel, contact, state, source)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
            ON CONFLICT (account_id, channel, contact) DO UPDATE
                SET state = excluded.state, source = excluded.source, changed_at = now()
                WHERE consents.state <> excluded.state
            RETURNING account_id, channel, contact, state, source
        )
        INSERT INTO sending.permission_audit (account_id, channel, contact, action, reason, actor)
        SELECT account_id, channel, contact, state, source, $6 FROM made";
    let done = sqlx::query(sql)
        .bind(wanted.keys().map(|key| key.account_id.as_str()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.channel.name()).collect::<Vec<_>>())
        .bind(wanted.keys().map(|key| key.contact.as_str()).collect::<Vec<_>>())
        .bind(wanted.values().map(|consent| consent.state.word()).collect::<Vec<_>>())
        .bind(wanted.values().map(|consent| consent.source.as_str()).collect::<Vec<_>>())
        .bind(actor.as_str())
        .execute(db)
        .await?;
    Ok(written(consents.len(), done.rows_affected()))
}

fn written(asked: usize, new: u64) -> Written {
    Written { new, known: (asked as u64).saturating_sub(new) }
}
