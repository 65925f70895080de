//! Each disagreement is planted once and must be found, alone and by name.

use uuid::Uuid;

use super::*;
use crate::sent::Fate;

const SUBMISSIONS: &str = "t-quiz.submission.v1";
const VIEWS: &str = "t-quiz.view.v1";
const QUIZ: &str = "emprestimo";

/// Facts that agree: responses 1 to 4 (4 is a bot's) and visitors 11 to 13.
struct World {
    sent: Sent,
    log: LogContents,
    rows: StateRows,
    totals: AnalyticsTotals,
    dead_letters: i64,
    losses: Option<EdgeViewLosses>,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl World {
    fn agreeing() -> Self {
        let mut world = Self {
            sent: Sent::default(),
            log: LogContents::default(),
            rows: StateRows::default(),
            totals: AnalyticsTotals::default(),
            dead_letters: 0,
            losses: Some(EdgeViewLosses::default()),
        };
        for number in 1..=4 {
            world.sent.submissions.settle(QUIZ, id(number), Fate::Accepted);
            let partition = if number == 1 { 0 } else { 3 };
            let response = LoggedResponse { partition, is_bot: number == 4, fingerprint: number as u64 };
            world.logged().responses.insert(id(number), response);
            world.rows().insert(id(number), number as u64);
        }
        world.logged().further_copies = 1;
        world.counted(SUBMISSIONS, 0).submissions = 1;
        *world.counted(SUBMISSIONS, 3) = TotalsValue { views: 0, submissions: 2, bots: 1 };
        for number in 11..=13 {
            world.sent.views.settle(QUIZ, id(number), Fate::Accepted);
            world.logged().visitors.insert(id(number), 1);
        }
        world.logged().views_by_partition.insert(2, 3);
        world.counted(VIEWS, 2).views = 3;
        world
    }

    fn logged(&mut self) -> &mut LoggedQuiz {
        self.log.quizzes.entry(QUIZ.to_owned()).or_default()
    }

    fn rows(&mut self) -> &mut std::collections::HashMap<Uuid, u64> {
        self.rows.quizzes.entry(QUIZ.to_owned()).or_default()
    }

    fn counted(&mut self, topic: &str, partition: i32) -> &mut TotalsValue {
        let key = TotalsKey { quiz: QUIZ.to_owned(), topic: topic.to_owned(), partition };
        self.totals.0.entry(key).or_default()
    }

    fn compare(&self) -> Reckoning {
        compare(&Facts {
            quizzes: &[QUIZ.to_owned()],
            sent: &self.sent,
            log: &self.log,
            rows: &self.rows,
            totals: &self.totals,
            submission_topic: SUBMISSIONS,
            view_topic: VIEWS,
            dead_letters: self.dead_letters,
            view_losses: self.losses,
        })
    }

    /// What is found: each disagreement with what it names.
    fn findings(&self) -> Vec<(String, String)> {
        let found = self.compare().disagreements.into_iter();
        found.map(|disagreement| (disagreement.what, disagreement.first.join(" "))).collect()
    }

    fn expect_only(&self, what: &str, named: &str) {
        let findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].0.contains(what), "{findings:?}");
        assert!(findings[0].1.contains(named), "{findings:?}");
    }
}

#[test]
fn facts_that_agree_agree_and_are_counted() {
    let reckoning = World::agreeing().compare();
    assert!(reckoning.agrees(), "{:?}", reckoning.disagreements);
    let quiz = &reckoning.quizzes[0];
    assert_eq!(
        quiz.submissions,
        SubmissionCounts {
            accepted: 4,
            not_taken: 0,
            unknown: 0,
            in_log: 4,
            further_copies: 1,
            in_postgres: 4,
            in_cql: 4,
            bots_in_cql: 1,
        }
    );
    assert_eq!(
        quiz.views,
        ViewCounts { accepted: 3, unknown: 0, missing: 0, in_log: 3, doubled: 0, in_cql: 3 }
    );
}

#[test]
fn a_lost_submission_is_named() {
    let mut world = World::agreeing();
    world.sent.submissions.settle(QUIZ, id(5), Fate::Accepted);
    world.expect_only("answered 2xx, missing in the log", &id(5).to_string());
}

#[test]
fn an_invented_submission_is_named() {
    let mut world = World::agreeing();
    world.sent.submissions = Default::default();
    for number in 2..=4 {
        world.sent.submissions.settle(QUIZ, id(number), Fate::Accepted);
    }
    world.expect_only("never sent", &id(1).to_string());
}

#[test]
fn a_refused_submission_in_the_log_is_named() {
    let mut world = World::agreeing();
    world.sent.submissions = Default::default();
    for (number, fate) in [(1, Fate::NotTaken), (2, Fate::Accepted), (3, Fate::Accepted), (4, Fate::Accepted)]
    {
        world.sent.submissions.settle(QUIZ, id(number), fate);
    }
    world.expect_only("only 4xx, and yet in the log", &id(1).to_string());
}

#[test]
fn an_unknown_outcome_may_be_either_and_is_listed() {
    let mut world = World::agreeing();
    world.sent.submissions = Default::default();
    for (number, fate) in [
        (1, Fate::Unknown),
        (2, Fate::Accepted),
        (3, Fate::Accepted),
        (4, Fate::Accepted),
        (5, Fate::Unknown),
    ] {
        world.sent.submissions.settle(QUIZ, id(number), fate);
    }
    let mut reckoning = world.compare();
    assert!(reckoning.agrees(), "{:?}", reckoning.disagreements);
    reckoning.unknown.sort();
    assert_eq!(
        reckoning.unknown,
        [format!("{QUIZ}/{}: in the log", id(1)), format!("{QUIZ}/{}: not in the log", id(5))]
    );
}

#[test]
fn a_missing_row_is_named() {
    let mut world = World::agreeing();
    world.rows().remove(&id(2));
    world.expect_only("missing in PostgreSQL", &id(2).to_string());
}

#[test]
fn an_extra_row_is_named() {
    let mut world = World::agreeing();
    world.rows().insert(id(99), 0);
    world.expect_only("do not stand in the log", &id(99).to_string());
}

#[test]
fn an_altered_row_is_named() {
    let mut world = World::agreeing();
    world.rows().insert(id(3), 33);
    world.expect_only("something else than the log's first copy", &id(3).to_string());
}

#[test]
fn a_submission_counted_twice_or_not_at_all_is_named_by_its_partition() {
    for wrong in [3, 1] {
        let mut world = World::agreeing();
        world.counted(SUBMISSIONS, 3).submissions = wrong;
        world.expect_only(
            "distinct submissions",
            &format!("partition 3: {wrong} and 1 bots counted, 2 and 1 in the log"),
        );
    }
}

#[test]
fn a_bot_counted_as_a_person_is_found_though_the_sum_is_right() {
    let mut world = World::agreeing();
    *world.counted(SUBMISSIONS, 3) = TotalsValue { views: 0, submissions: 3, bots: 0 };
    world.expect_only("distinct submissions", "partition 3");
}

#[test]
fn a_total_of_a_partition_without_records_is_found() {
    let mut world = World::agreeing();
    world.counted(SUBMISSIONS, 5).submissions = 1;
    world.expect_only("distinct submissions", "partition 5");
}

#[test]
fn a_copy_in_another_partition_is_named() {
    let mut world = World::agreeing();
    world.logged().scattered.push(id(2));
    world.expect_only("more than one partition", &id(2).to_string());
}

#[test]
fn views_must_be_counted_as_the_log_has_them() {
    let mut world = World::agreeing();
    world.counted(VIEWS, 2).views = 4;
    world.expect_only("the log's views", "partition 2: 4 counted, 3 in the log");
}

#[test]
fn a_doubled_view_counts_as_often_as_it_stands_in_the_log() {
    let mut world = World::agreeing();
    world.logged().visitors.insert(id(11), 2);
    world.logged().views_by_partition.insert(2, 4);
    world.counted(VIEWS, 2).views = 4;
    let reckoning = world.compare();
    assert!(reckoning.agrees(), "{:?}", reckoning.disagreements);
    assert_eq!(reckoning.quizzes[0].views.doubled, 1);
}

#[test]
fn a_view_that_vanished_needs_a_reason() {
    let mut world = World::agreeing();
    world.sent.views.settle(QUIZ, id(14), Fate::Accepted);
    world.expect_only("more views are missing", "1 missing, 0 counted as lost");
    world.losses = Some(EdgeViewLosses { dropped: 1, ..EdgeViewLosses::default() });
    assert_eq!(world.findings().len(), 1, "a dropped view was not answered 204");
    world.losses = Some(EdgeViewLosses { lost: 1, ..EdgeViewLosses::default() });
    assert_eq!(world.findings(), []);
    world.losses = None;
    assert_eq!(world.findings(), [], "best effort");
    assert_eq!(world.compare().quizzes[0].views.missing, 1);
}

#[test]
fn an_invented_or_refused_view_is_named() {
    let mut world = World::agreeing();
    world.sent.views = Default::default();
    for (number, fate) in [(11, Fate::Accepted), (12, Fate::NotTaken)] {
        world.sent.views.settle(QUIZ, id(number), fate);
    }
    let findings = world.findings();
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(
        findings[0].0.contains("only 4xx") && findings[0].1.contains(&id(12).to_string()),
        "{findings:?}"
    );
    assert!(
        findings[1].0.contains("never sent") && findings[1].1.contains(&id(13).to_string()),
        "{findings:?}"
    );
}

#[test]
fn dead_letters_and_unreadable_records_are_disagreements() {
    let mut world = World::agreeing();
    world.dead_letters = 2;
    world.expect_only("dead letters", "2 record(s)");
    let mut world = World::agreeing();
    world.log.unreadable.push("t-quiz.view.v1/0/17: is not a record".to_owned());
    world.expect_only("cannot be read", "t-quiz.view.v1/0/17");
}

#[test]
fn only_the_first_ids_are_named_and_all_are_counted() {
    let mut world = World::agreeing();
    for number in 100..150 {
        world.rows().insert(id(number), 0);
    }
    let found = &world.compare().disagreements[0];
    assert_eq!((found.count, found.first.len()), (50, 10));
    assert!(found.first[0].ends_with(&id(100).to_string()));
}
