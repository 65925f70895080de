//! The comparison itself: pure, from facts to findings.

use std::collections::BTreeSet;

use serde::Serialize;
use uuid::Uuid;

use super::beacons::{BeaconCounts, compare_beacons};
use super::views::{ViewCounts, compare_views};
use super::{AnalyticsTotals, EdgeViewLosses, LogContents, LoggedQuiz, StateRows};
use crate::sent::{Fate, Sent};

/// So many ids of a disagreement are named.
const FIRST: usize = 10;

/// Everything that is compared.
pub struct Facts<'f> {
    pub quizzes: &'f [String],
    pub sent: &'f Sent,
    pub log: &'f LogContents,
    pub rows: &'f StateRows,
    /// What the CQL store has counted since the baseline.
    pub totals: &'f AnalyticsTotals,
    /// Real names.
    pub submission_topic: &'f str,
    pub view_topic: &'f str,
    /// Records set aside by the projections since the baseline.
    pub dead_letters: i64,
    /// `None`: views are best effort, and missing ones are only counted.
    pub view_losses: Option<EdgeViewLosses>,
}

/// What came out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reckoning {
    pub quizzes: Vec<QuizReckoning>,
    pub view_losses: Option<EdgeViewLosses>,
    /// Submissions whose outcome the client never learnt, and whether the log has them: both are right.
    pub unknown: Vec<String>,
    /// Empty when everything agrees.
    pub disagreements: Vec<Disagreement>,
}

impl Reckoning {
    pub fn agrees(&self) -> bool {
        self.disagreements.is_empty()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QuizReckoning {
    pub quiz: String,
    pub submissions: SubmissionCounts,
    pub views: ViewCounts,
    pub beacons: BeaconCounts,
}

/// Distinct response ids of one quiz.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SubmissionCounts {
    pub accepted: u64,
    pub not_taken: u64,
    pub unknown: u64,
    pub in_log: u64,
    /// Records of the log beyond the first of each id.
    pub further_copies: u64,
    pub in_postgres: u64,
    /// Submissions and bots.
    pub in_cql: i64,
    pub bots_in_cql: i64,
}

/// One thing that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    pub what: String,
    pub count: u64,
    /// The first of them by name: quiz/id, or what else names them.
    pub first: Vec<String>,
}

/// Compares everything, quiz by quiz.
pub fn compare(facts: &Facts<'_>) -> Reckoning {
    let mut reckoning = Reckoning { view_losses: facts.view_losses, ..Reckoning::default() };
    let (mut missing_views, mut missing_beacons) = (0, 0);
    for quiz in facts.quizzes {
        let nothing = LoggedQuiz::default();
        let logged = facts.log.quizzes.get(quiz).unwrap_or(&nothing);
        let submissions = Submissions { facts, quiz, logged }.compare(&mut reckoning);
        let views = compare_views(facts, quiz, logged, &mut reckoning);
        missing_views += views.missing;
        let beacons = compare_beacons(facts, quiz, logged, &mut reckoning);
        missing_beacons += beacons.missing;
        reckoning.quizzes.push(QuizReckoning { quiz: quiz.clone(), submissions, views, beacons });
    }
    check_missing("views", missing_views, facts.view_losses.map(|losses| losses.lost), &mut reckoning);
    let lost_beacons = facts.view_losses.map(|losses| losses.lost_beacons);
    check_missing("beacons", missing_beacons, lost_beacons, &mut reckoning);
    reckoning.find("records of the log that cannot be read", facts.log.unreadable.iter().cloned());
    if facts.dead_letters != 0 {
        let count = format!("{} record(s)", facts.dead_letters);
        reckoning.find("records that the projections set aside as dead letters", [count]);
    }
    reckoning
}

impl Reckoning {
    /// Notes a disagreement, if anything is named.
    pub(crate) fn find(&mut self, what: impl Into<String>, named: impl IntoIterator<Item = String>) {
        let mut named: Vec<String> = named.into_iter().collect();
        if named.is_empty() {
            return;
        }
        named.sort();
        let count = named.len() as u64;
        named.truncate(FIRST);
        self.disagreements.push(Disagreement { what: what.into(), count, first: named });
    }
}

struct Submissions<'f> {
    facts: &'f Facts<'f>,
    quiz: &'f str,
    logged: &'f LoggedQuiz,
}

impl Submissions<'_> {
    fn compare(&self, reckoning: &mut Reckoning) -> SubmissionCounts {
        self.clients_against_log(reckoning);
        self.log_against_postgres(reckoning);
        self.log_against_cql(reckoning);
        let fates = &self.facts.sent.submissions;
        let topic = self.facts.submission_topic;
        let totals =
            || self.facts.totals.0.iter().filter(|(key, _)| key.quiz == self.quiz && key.topic == topic);
        SubmissionCounts {
            accepted: fates.count(self.quiz, Fate::Accepted),
            not_taken: fates.count(self.quiz, Fate::NotTaken),
            unknown: fates.count(self.quiz, Fate::Unknown),
            in_log: self.logged.responses.len() as u64,
            further_copies: self.logged.further_copies,
            in_postgres: self.facts.rows.quizzes.get(self.quiz).map_or(0, |rows| rows.len() as u64),
            in_cql: totals().map(|(_, value)| value.submissions + value.bots).sum(),
            bots_in_cql: totals().map(|(_, value)| value.bots).sum(),
        }
    }

    fn clients_against_log(&self, reckoning: &mut Reckoning) {
        let fates = &self.facts.sent.submissions;
        let is_logged = |id: &&Uuid| self.logged.responses.contains_key(*id);
        let lost = fates.ids(self.quiz, Fate::Accepted).filter(|id| !is_logged(id));
        reckoning.find("submissions answered 2xx, missing in the log", self.names(lost));
        let refused = fates.ids(self.quiz, Fate::NotTaken).filter(is_logged);
        reckoning.find("submissions answered only 4xx, and yet in the log", self.names(refused));
        let invented = self.logged.responses.keys().filter(|id| fates.get(self.quiz, id).is_none());
        reckoning.find("submissions in the log that this run never sent", self.names(invented));
        reckoning.find(
            "submissions with copies in more than one partition",
            self.names(self.logged.scattered.iter()),
        );
        for id in fates.ids(self.quiz, Fate::Unknown) {
            let place = if is_logged(&id) { "in the log" } else { "not in the log" };
            reckoning.unknown.push(format!("{}: {place}", self.name(id)));
        }
    }

    fn log_against_postgres(&self, reckoning: &mut Reckoning) {
        let no_rows = Default::default();
        let rows = self.facts.rows.quizzes.get(self.quiz).unwrap_or(&no_rows);
        let missing = self.logged.responses.keys().filter(|id| !rows.contains_key(*id));
        reckoning.find("submissions in the log, missing in PostgreSQL", self.names(missing));
        let extra = rows.keys().filter(|id| !self.logged.responses.contains_key(*id));
        reckoning.find("rows of PostgreSQL that do not stand in the log", self.names(extra));
        let altered = self.logged.responses.iter().filter(|(id, response)| {
            rows.get(*id).is_some_and(|fingerprint| *fingerprint != response.fingerprint)
        });
        let altered = altered.map(|(id, _)| id);
        reckoning.find(
            "rows of PostgreSQL that say something else than the log's first copy",
            self.names(altered),
        );
    }

    /// The CQL store holds counts: what differs is named by its partition.
    fn log_against_cql(&self, reckoning: &mut Reckoning) {
        let topic = self.facts.submission_topic;
        let counted = self.facts.totals.0.keys().filter(|key| key.quiz == self.quiz && key.topic == topic);
        let partitions: BTreeSet<i32> = counted
            .map(|key| key.partition)
            .chain(self.logged.responses.values().map(|response| response.partition))
            .collect();
        let mut differing = Vec::new();
        for partition in partitions {
            let here = || self.logged.responses.values().filter(|response| response.partition == partition);
            let bots = here().filter(|response| response.is_bot).count() as i64;
            let people = here().count() as i64 - bots;
            let counted = self.facts.totals.get(self.quiz, topic, partition);
            if (counted.submissions, counted.bots) != (people, bots) {
                differing.push(format!(
                    "{} in partition {partition}: {} and {} bots counted, {people} and {bots} in the log",
                    self.quiz, counted.submissions, counted.bots
                ));
            }
        }
        reckoning.find("totals of the CQL store that differ from the log's distinct submissions", differing);
    }

    fn names<'i>(&self, ids: impl Iterator<Item = &'i Uuid>) -> Vec<String> {
        ids.map(|id| self.name(id)).collect()
    }

    fn name(&self, id: &Uuid) -> String {
        format!("{}/{id}", self.quiz)
    }
}

/// What was answered 204 and does not stand in the log must have been counted by the edge.
fn check_missing(what: &str, missing: u64, lost: Option<u64>, reckoning: &mut Reckoning) {
    let Some(lost) = lost.filter(|lost| missing > *lost) else { return };
    let text = format!("{missing} missing, {lost} counted as lost");
    reckoning.find(format!("more {what} are missing in the log than the edge counted as lost"), [text]);
}
