use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use metrics::{Counter, Gauge};
use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::definition::QuizDocument;
use vendzz_schemas::events::QuizDefinition;

use super::{QuizRate, ServedQuiz, UnusableDefinition};

/// A new version copies one shard of the map, so that readers never wait for a lock.
const SHARDS: u64 = 64;

type Shard = HashMap<Box<str>, Arc<ServedQuiz>>;

/// One version as it stands in the log.
#[derive(Debug, Clone)]
pub struct VersionedDefinition {
    /// Offset of the record.
    pub version: i64,
    pub definition: QuizDefinition,
}

/// Every quiz by its id: the newest version that could be made ready.
pub struct DefinitionStore {
    shards: Vec<ArcSwap<Shard>>,
    hasher: RandomState,
    reading: Mutex<Reading>,
    held: Gauge,
    refused: Counter,
}

/// How the log is read.
enum Reading {
    /// From its start to its end: only the newest version of each quiz will be made ready. Meanwhile what
    /// is served, if anything, came from the snapshot.
    ToTheEnd(HashMap<String, VersionedDefinition>),
    /// Each new version is served at once.
    Live,
}

impl Default for DefinitionStore {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| ArcSwap::default()).collect(),
            hasher: RandomState::new(),
            reading: Mutex::new(Reading::ToTheEnd(HashMap::new())),
            held: MetricName::DefinitionsHeld.gauge(),
            refused: MetricName::DefinitionsRefused.counter(),
        }
    }
}

impl DefinitionStore {
    pub fn get(&self, quiz_id: &str) -> Option<Arc<ServedQuiz>> {
        self.shard(quiz_id).load().get(quiz_id).cloned()
    }

    /// Takes one record of the log. An older version than the one held changes nothing; one that cannot
    /// be made ready leaves the former in place.
    pub fn apply(&self, versioned: VersionedDefinition) {
        match &mut *self.reading.lock().unwrap_or_else(PoisonError::into_inner) {
            Reading::Live => self.serve(versioned),
            Reading::ToTheEnd(newest) => {
                let quiz_id = &versioned.definition.quiz_id;
                if newest.get(quiz_id).is_some_and(|held| held.version >= versioned.version) {
                    return;
                }
                match serde_json::from_str::<QuizDocument>(&versioned.definition.document) {
                    Ok(_) => drop(newest.insert(quiz_id.clone(), versioned)),
                    Err(error) => self.alarm(&versioned.definition.quiz_id, versioned.version, &error.into()),
                }
            }
        }
    }

    /// The log has been read to its end: what it holds, and nothing else, is served from now on.
    pub fn go_live(&self) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading::ToTheEnd(newest) = std::mem::replace(&mut *reading, Reading::Live) else { return };
        let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::new()).collect();
        for (quiz_id, versioned) in newest {
            let version = versioned.version;
            match ServedQuiz::build(versioned, self.rate_of(&quiz_id)) {
                Ok(quiz) => drop(shards[self.place(&quiz_id)].insert(quiz_id.into(), Arc::new(quiz))),
                Err(error) => self.alarm(&quiz_id, version, &error),
            }
        }
        for (shard, new) in self.shards.iter().zip(shards) {
            shard.store(Arc::new(new));
        }
        self.count_held();
    }

    /// Serves what a snapshot holds, until the log has been read to its end.
    pub fn load_snapshot(&self, definitions: impl IntoIterator<Item = VersionedDefinition>) {
        if let Reading::ToTheEnd(_) = &*self.reading.lock().unwrap_or_else(PoisonError::into_inner) {
            definitions.into_iter().for_each(|versioned| self.serve(versioned));
        }
    }

    /// Everything that is served, for the snapshot.
    pub fn all(&self) -> Vec<Arc<ServedQuiz>> {
        self.shards.iter().flat_map(|shard| shard.load().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Only one thread at a time comes here: each caller holds `reading`.
    fn serve(&self, versioned: VersionedDefinition) {
        let quiz_id = versioned.definition.quiz_id.clone();
        let version = versioned.version;
        if self.get(&quiz_id).is_some_and(|held| held.version >= version) {
            return;
        }
        match ServedQuiz::build(versioned, self.rate_of(&quiz_id)) {
            Ok(quiz) => {
                let shard = self.shard(&quiz_id);
                let mut changed = Shard::clone(&shard.load());
                changed.insert(quiz_id.into(), Arc::new(quiz));
                shard.store(Arc::new(changed));
                self.count_held();
            }
            Err(error) => self.alarm(&quiz_id, version, &error),
        }
    }

    fn rate_of(&self, quiz_id: &str) -> Arc<QuizRate> {
        self.get(quiz_id).map(|former| former.rate.clone()).unwrap_or_default()
    }

    fn shard(&self, quiz_id: &str) -> &ArcSwap<Shard> {
        &self.shards[self.place(quiz_id)]
    }

    fn place(&self, quiz_id: &str) -> usize {
        (self.hasher.hash_one(quiz_id) % SHARDS) as usize
    }

    fn count_held(&self) {
        let held: usize = self.shards.iter().map(|shard| shard.load().len()).sum();
        self.held.set(held as f64);
    }

    fn alarm(&self, quiz_id: &str, version: i64, error: &UnusableDefinition) {
        self.refused.increment(1);
        tracing::error!(quiz_id, version, %error, "a definition cannot be served; the former version stays");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: i64, title: &str) -> VersionedDefinition {
        let document = serde_json::json!({
            "accountId": "a", "title": title, "language": "pt-BR", "timeZone": "America/Sao_Paulo",
            "elements": [{"id": "nome", "type": "name", "label": "Nome"}],
        });
        VersionedDefinition {
            version,
            definition: QuizDefinition {
                account_id: "a".into(),
                quiz_id: "q".into(),
                state: "published".into(),
                changed_at: 0,
                document: document.to_string(),
                retired: Vec::new(),
            },
        }
    }

    fn held(store: &DefinitionStore) -> Option<i64> {
        store.get("q").map(|quiz| quiz.version)
    }

    #[test]
    fn the_newest_version_is_served_once_the_log_was_read() {
        let store = DefinitionStore::default();
        store.apply(version(3, "three"));
        store.apply(version(9, "nine"));
        store.apply(version(4, "four"));
        assert_eq!(held(&store), None);
        store.go_live();
        assert_eq!(held(&store), Some(9));
        store.apply(version(4, "read again after a reconnect"));
        assert_eq!(held(&store), Some(9));
        store.apply(version(12, "twelve"));
        assert_eq!(held(&store), Some(12));
    }

    #[test]
    fn a_version_that_cannot_be_made_ready_leaves_the_former() {
        let mut broken = version(10, "x");
        broken.definition.document = "{}".into();
        let store = DefinitionStore::default();
        store.apply(version(3, "three"));
        store.apply(broken.clone());
        store.go_live();
        assert_eq!(held(&store), Some(3));
        store.apply(broken);
        assert_eq!(held(&store), Some(3));
    }

    #[test]
    fn what_came_from_a_snapshot_lasts_until_the_log_was_read() {
        let store = DefinitionStore::default();
        store.load_snapshot([version(50, "of a log that was made again")]);
        assert_eq!(held(&store), Some(50));
        store.apply(version(2, "two"));
        assert_eq!(held(&store), Some(50));
        store.go_live();
        assert_eq!(held(&store), Some(2));
        store.load_snapshot([version(60, "too late")]);
        assert_eq!(held(&store), Some(2));
    }
}
