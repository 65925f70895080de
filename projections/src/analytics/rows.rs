use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Event, Totals};

/// A row of one source: the quiz, and the first millisecond of its hour or minute (UTC).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub quiz_id: Arc<str>,
    pub start_ms: i64,
}

/// The rows of one source that are held in memory. A row comes in by [`Rows::put`], with what the
/// store has, and leaves only when it is clean, that is when the store has what it holds.
pub(super) struct Rows<T> {
    quizzes: HashMap<Arc<str>, QuizRows<T>>,
    /// Rows that the store does not have yet, each once.
    dirty: Vec<RowKey>,
    held: usize,
}

struct QuizRows<T> {
    quiz_id: Arc<str>,
    by_start: BTreeMap<i64, Held<T>>,
}

struct Held<T> {
    totals: T,
    dirty: bool,
    /// Offset of the last record that came by, counted or not: the oldest is evicted first.
    touched: i64,
}

impl<T: Totals> Rows<T> {
    pub(super) fn new() -> Self {
        Self { quizzes: HashMap::new(), dirty: Vec::new(), held: 0 }
    }

    /// Keys of the rows that these events count in and that are not held, each once.
    pub(super) fn missing<'a>(&self, events: impl Iterator<Item = &'a Event>) -> Vec<RowKey> {
        let mut named = HashSet::new();
        let mut missing = Vec::new();
        for event in events.filter(|event| T::counts(event)) {
            let (quiz_id, start_ms) = (event.quiz_id.as_str(), T::start_of(event.at_ms));
            if !self.holds(quiz_id, start_ms) && named.insert((quiz_id, start_ms)) {
                missing.push(RowKey { quiz_id: Arc::from(quiz_id), start_ms });
            }
        }
        missing
    }

    fn holds(&self, quiz_id: &str, start_ms: i64) -> bool {
        self.quizzes.get(quiz_id).is_some_and(|quiz| quiz.by_start.contains_key(&start_ms))
    }

    /// Holds what the store has; `None`: it has no such row.
    pub(super) fn put(&mut self, key: RowKey, stored: Option<T>) {
        let quiz = self
            .quizzes
            .entry(key.quiz_id)
            .or_insert_with_key(|quiz_id| QuizRows { quiz_id: quiz_id.clone(), by_start: BTreeMap::new() });
        let totals = stored.unwrap_or_else(T::empty);
        let touched = totals.last_offset();
        if quiz.by_start.insert(key.start_ms, Held { totals, dirty: false, touched }).is_none() {
            self.held += 1;
        }
    }

    /// Counts an event in its row, unless it counts in no such row, or the row has it already.
    ///
    /// # Panics
    /// When the row is not held: the caller puts every row before it counts.
    pub(super) fn add(&mut self, event: &Event) {
        if !T::counts(event) {
            return;
        }
        let start_ms = T::start_of(event.at_ms);
        let quiz = self.quizzes.get_mut(event.quiz_id.as_str()).expect("the quiz's rows were put");
        let row = quiz.by_start.get_mut(&start_ms).expect("the row was put");
        row.touched = event.offset;
        if event.offset <= row.totals.last_offset() {
            return;
        }
        row.totals.add(event);
        if !row.dirty {
            row.dirty = true;
            self.dirty.push(RowKey { quiz_id: quiz.quiz_id.clone(), start_ms });
        }
    }

    pub(super) fn get(&self, key: &RowKey) -> Option<&T> {
        Some(&self.quizzes.get(&key.quiz_id)?.by_start.get(&key.start_ms)?.totals)
    }

    /// Rows that the store does not have yet.
    pub(super) fn dirty(&self) -> impl Iterator<Item = (&RowKey, &T)> {
        self.dirty.iter().filter_map(|key| Some((key, self.get(key)?)))
    }

    pub(super) fn dirty_count(&self) -> usize {
        self.dirty.len()
    }

    pub(super) fn held_count(&self) -> usize {
        self.held
    }

    /// The store acknowledged these rows as they are now.
    pub(super) fn clean(&mut self, keys: &[RowKey]) {
        for key in keys {
            if let Some(row) =
                self.quizzes.get_mut(&key.quiz_id).and_then(|quiz| quiz.by_start.get_mut(&key.start_ms))
            {
                row.dirty = false;
            }
        }
        let quizzes = &self.quizzes;
        self.dirty.retain(|key| {
            quizzes
                .get(&key.quiz_id)
                .and_then(|quiz| quiz.by_start.get(&key.start_ms))
                .is_some_and(|row| row.dirty)
        });
    }

    /// Once more than `most` rows are held, lets go of the clean ones untouched for longest, down
    /// to three quarters of that, so that this is rare. They are read again when they are needed.
    pub(super) fn evict(&mut self, most: usize) {
        if self.held <= most {
            return;
        }
        let mut clean: Vec<(i64, RowKey)> = Vec::new();
        for quiz in self.quizzes.values() {
            for (start_ms, row) in quiz.by_start.iter().filter(|(_, row)| !row.dirty) {
                clean.push((row.touched, RowKey { quiz_id: quiz.quiz_id.clone(), start_ms: *start_ms }));
            }
        }
        clean.sort();
        let surplus = self.held - most / 4 * 3;
        for (_, key) in clean.into_iter().take(surplus) {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &RowKey) {
        let Some(quiz) = self.quizzes.get_mut(&key.quiz_id) else { return };
        if quiz.by_start.remove(&key.start_ms).is_some() {
            self.held -= 1;
        }
        if quiz.by_start.is_empty() {
            self.quizzes.remove(&key.quiz_id);
        }
    }
}
