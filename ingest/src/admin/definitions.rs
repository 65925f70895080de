//! The versions of each quiz or campaign, folded from their topic.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use super::kind::{Kind, VersionTag};

/// One version as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version<K: Kind> {
    /// The record's.
    pub(super) offset: i64,
    pub(super) tag: VersionTag,
    /// Append time, milliseconds since 1970 (UTC).
    pub(super) appended_at: i64,
    pub(super) event: K::Event,
    pub(super) headline: K::Headline,
    /// Offset of the version that stood before it, as far as this process has seen it.
    pub(super) replaced: Option<i64>,
}

/// A version that this build cannot read. While it is the newest it must not be replaced by this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {tag} of {id} cannot be read: {reason}")]
pub(super) struct UnreadableVersion {
    pub(super) id: String,
    pub(super) offset: i64,
    pub(super) tag: VersionTag,
    pub(super) reason: String,
}

/// What a thing is now, and what it was, as far as that is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing<K: Kind> {
    pub(super) newest: Arc<Version<K>>,
    /// Those before the newest, oldest first; empty unless [`Kind::KEEPS_FORMER`]. Unreadable ones are
    /// left out.
    pub(super) former: Vec<Arc<Version<K>>>,
}

/// One record of the topic.
#[derive(Debug)]
pub(super) struct Record<E> {
    pub(super) offset: i64,
    pub(super) appended_at: i64,
    /// The event, or why it could not be decoded.
    pub(super) decoded: Result<E, String>,
}

pub(super) type Held<K> = Result<Arc<Version<K>>, UnreadableVersion>;

/// The versions of one thing.
struct Versions<K: Kind> {
    newest: Held<K>,
    /// Oldest first.
    former: Vec<Held<K>>,
}

/// All things of a kind, by id. Cloned handles share one table.
#[derive(Clone)]
pub(super) struct Definitions<K: Kind> {
    by_id: Arc<RwLock<BTreeMap<String, Versions<K>>>>,
}

impl<K: Kind> Default for Definitions<K> {
    fn default() -> Self {
        Self { by_id: Arc::default() }
    }
}

impl<K: Kind> Definitions<K> {
    /// The newest version; `None` when nothing has this id.
    pub(super) fn get(&self, id: &str) -> Result<Option<Arc<Version<K>>>, UnreadableVersion> {
        let by_id = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        by_id.get(id).map(|versions| versions.newest.clone()).transpose()
    }

    /// The newest version and those before it; `None` when nothing has this id.
    pub(super) fn standing(&self, id: &str) -> Result<Option<Standing<K>>, UnreadableVersion> {
        let by_id = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        let Some(versions) = by_id.get(id) else { return Ok(None) };
        let newest = versions.newest.clone()?;
        let former = versions.former.iter().filter_map(|held| held.clone().ok()).collect();
        Ok(Some(Standing { newest, former }))
    }

    /// All versions that are kept, newest first; `None` when nothing has this id.
    pub(super) fn versions(&self, id: &str) -> Option<Vec<Held<K>>> {
        let by_id = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        let versions = by_id.get(id)?;
        let newest = std::iter::once(&versions.newest);
        Some(newest.chain(versions.former.iter().rev()).cloned().collect())
    }

    /// The newest versions of at most `limit` things that are `wanted` and whose ids come after `after`, in
    /// order; unreadable ones are left out.
    pub(super) fn page(
        &self,
        after: &str,
        limit: usize,
        wanted: impl Fn(&Version<K>) -> bool,
    ) -> Vec<Arc<Version<K>>> {
        let by_id = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        let following = by_id.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let readable = following.filter_map(|(_, versions)| versions.newest.as_ref().ok());
        readable.filter(|version| wanted(version)).take(limit).cloned().collect()
    }

    /// Folds one record. An offset that is not newer than the version held was seen before: the topic
    /// is read again from its start when the connection was lost.
    pub(super) fn apply(&self, id: &str, tag: VersionTag, record: Record<K::Event>) {
        let offset = record.offset;
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = by_id.get(id).map(|versions| offset_of(&versions.newest));
        if replaced >= Some(offset) {
            return;
        }
        let newest = read_version(id, tag, record, replaced);
        if let Err(unreadable) = &newest {
            let (version, reason) = (unreadable.tag.as_str(), unreadable.reason.as_str());
            tracing::error!(thing = K::THING.word(), id, version, offset, reason, "unreadable version");
        }
        match by_id.get_mut(id) {
            Some(versions) => {
                let older = std::mem::replace(&mut versions.newest, newest);
                if K::KEEPS_FORMER {
                    versions.former.push(older);
                }
            }
            None => {
                by_id.insert(id.to_owned(), Versions { newest, former: Vec::new() });
                K::HELD.gauge().set(by_id.len() as f64);
            }
        }
    }
}

fn offset_of<K: Kind>(held: &Held<K>) -> i64 {
    match held {
        Ok(version) => version.offset,
        Err(unreadable) => unreadable.offset,
    }
}

fn read_version<K: Kind>(
    id: &str,
    tag: VersionTag,
    record: Record<K::Event>,
    replaced: Option<i64>,
) -> Held<K> {
    let Record { offset, appended_at, decoded } = record;
    let unreadable =
        |reason: String| UnreadableVersion { id: id.to_owned(), offset, tag: tag.clone(), reason };
    let event = decoded.map_err(unreadable)?;
    if K::id(&event) != id || K::tag(&event, offset) != tag {
        return Err(unreadable("the record's key names another than its value".to_owned()));
    }
    let headline = K::headline(&event).map_err(|error| unreadable(format!("its document: {error}")))?;
    Ok(Arc::new(Version { offset, tag, appended_at, event, headline, replaced }))
}

#[cfg(test)]
#[path = "definitions_tests.rs"]
mod tests;
