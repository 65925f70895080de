//! What the client side knows: which events it issued, and what became of each.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    View,
    Submission,
    /// A progress beacon.
    Beacon,
}

impl EventKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Submission => "submission",
            Self::Beacon => "beacon",
        }
    }
}

/// What the answers to an event say about the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Answered 2xx: it must be there.
    Accepted,
    /// Every attempt was answered 4xx: it must not be there.
    NotTaken,
    /// Some attempt was answered 5xx or not at all, and none 2xx: it may be there.
    Unknown,
}

impl Fate {
    const ALL: [Self; 3] = [Self::Accepted, Self::NotTaken, Self::Unknown];

    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NotTaken => "not_taken",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an event kind nor a fate")]
pub struct UnknownWord(String);

impl FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = [Self::View, Self::Submission, Self::Beacon];
        known.into_iter().find(|kind| kind.name() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

impl FromStr for Fate {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|fate| fate.name() == word).ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Every event that was issued.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// By response id.
    pub submissions: Fates,
    /// By visitor id; each view has a visitor of its own.
    pub views: Fates,
    /// By [`crate::traffic::beacon_id`].
    pub beacons: Fates,
}

impl Sent {
    pub fn of(&self, kind: EventKind) -> &Fates {
        match kind {
            EventKind::View => &self.views,
            EventKind::Submission => &self.submissions,
            EventKind::Beacon => &self.beacons,
        }
    }

    pub fn of_mut(&mut self, kind: EventKind) -> &mut Fates {
        match kind {
            EventKind::View => &mut self.views,
            EventKind::Submission => &mut self.submissions,
            EventKind::Beacon => &mut self.beacons,
        }
    }

    /// Every quiz that something was sent to, in alphabetical order.
    pub fn quizzes(&self) -> Vec<String> {
        let kinds = [&self.submissions, &self.views, &self.beacons];
        let mut quizzes: Vec<String> = kinds.iter().flat_map(|fates| fates.by_quiz.keys()).cloned().collect();
        quizzes.sort();
        quizzes.dedup();
        quizzes
    }
}

/// The fates of one kind of events.
#[derive(Debug, Clone, Default)]
pub struct Fates {
    by_quiz: BTreeMap<String, HashMap<Uuid, Fate>>,
}

impl Fates {
    /// Noted before the first attempt: until an answer says otherwise the fate is unknown.
    pub fn issue(&mut self, quiz: &str, id: Uuid) {
        self.of_quiz_mut(quiz).entry(id).or_insert(Fate::Unknown);
    }

    /// Takes a fate that is known now. What was accepted once stays accepted.
    pub fn settle(&mut self, quiz: &str, id: Uuid, fate: Fate) {
        let held = self.of_quiz_mut(quiz).entry(id).or_insert(fate);
        if *held != Fate::Accepted {
            *held = fate;
        }
    }

    pub fn get(&self, quiz: &str, id: &Uuid) -> Option<Fate> {
        self.by_quiz.get(quiz)?.get(id).copied()
    }

    pub fn count(&self, quiz: &str, fate: Fate) -> u64 {
        self.ids(quiz, fate).count() as u64
    }

    pub fn ids<'a>(&'a self, quiz: &str, fate: Fate) -> impl Iterator<Item = &'a Uuid> {
        let of_quiz = self.by_quiz.get(quiz).into_iter().flatten();
        of_quiz.filter(move |(_, held)| **held == fate).map(|(id, _)| id)
    }

    /// Events of all fates.
    pub fn len(&self) -> usize {
        self.by_quiz.values().map(HashMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn of_quiz_mut(&mut self, quiz: &str) -> &mut HashMap<Uuid, Fate> {
        // `entry` would allocate the name anew for each event.
        if !self.by_quiz.contains_key(quiz) {
            self.by_quiz.insert(quiz.to_owned(), HashMap::new());
        }
        self.by_quiz.get_mut(quiz).expect("inserted above")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_event_stays_accepted_whatever_a_resend_is_answered() {
        let mut fates = Fates::default();
        let id = Uuid::from_u128(7);
        fates.issue("q", id);
        assert_eq!(fates.get("q", &id), Some(Fate::Unknown));
        fates.settle("q", id, Fate::Accepted);
        fates.settle("q", id, Fate::Unknown);
        fates.issue("q", id);
        assert_eq!(fates.get("q", &id), Some(Fate::Accepted));
        assert_eq!(fates.count("q", Fate::Accepted), 1);
        assert_eq!(fates.count("another", Fate::Accepted), 0);
    }
}
