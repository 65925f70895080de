//! Any split into batches, any resend and any crash give the same rows: on tables in memory with
//! many cases, and on PostgreSQL with fewer.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;
use vendzz_projections::state::{FoldedRow, Placed, QuizRow, ResponseRow, fold_events};
use vendzz_runtime::kernel::FoldError;
use vendzz_schemas::events::{AnswerValue, QuizDefinition, QuizSubmitted};

use crate::support::{Log, NEW_YEAR, Owner, TestDatabase, definition, submission, submissions};

/// One submission of few ids and quizzes, so that resends abound. The answer tells copies apart.
fn event(number: u64, quiz: u8, copy: usize) -> QuizSubmitted {
    let mut event = submission(number);
    event.quiz_id = format!("quiz-{quiz}");
    event.answers.insert("copy".to_owned(), AnswerValue::Long(copy as i64));
    event
}

fn logs(longest: usize) -> impl Strategy<Value = Vec<QuizSubmitted>> {
    prop::collection::vec((0..12_u64, 0..2_u8), 1..longest).prop_map(|places| {
        places.into_iter().enumerate().map(|(copy, (number, quiz))| event(number, quiz, copy)).collect()
    })
}

/// What happens to an owner's batch.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Commits,
    DiesBeforeCommit,
    /// It is durable, and nobody was told.
    DiesAfterCommit,
    /// A former owner wakes up and offers what it held.
    MeetsZombie,
}

fn plans() -> impl Strategy<Value = Vec<(usize, Fate)>> {
    let fate = prop_oneof![
        Just(Fate::Commits),
        Just(Fate::DiesBeforeCommit),
        Just(Fate::DiesAfterCommit),
        Just(Fate::MeetsZombie)
    ];
    prop::collection::vec((1..9_usize, fate), 1..40)
}

/// The tables in memory, with the store's rules.
#[derive(Default)]
struct Tables {
    responses: BTreeMap<(Uuid, String), ResponseRow>,
    quizzes: BTreeMap<String, QuizRow>,
    /// Records covered.
    covered: usize,
}

impl Tables {
    /// One transaction; `false` when the compare-and-set was lost.
    fn write_responses(&mut self, rows: Vec<ResponseRow>, covered: usize, through: usize) -> bool {
        if self.covered != covered {
            return false;
        }
        for row in rows {
            let key = (row.key().0, row.key().1.to_owned());
            self.responses.entry(key).or_insert(row);
        }
        self.covered = through;
        true
    }

    fn write_quizzes(&mut self, rows: Vec<QuizRow>) {
        for row in rows {
            match self.quizzes.get(&row.quiz_id) {
                Some(held) if held.version >= row.version => {}
                _ => drop(self.quizzes.insert(row.quiz_id.clone(), row)),
            }
        }
    }
}

fn placed(events: &[QuizSubmitted], from: usize) -> Vec<Placed<QuizSubmitted>> {
    let place = |(number, event): (usize, &QuizSubmitted)| Placed {
        offset: (from + number) as i64,
        append_ms: NEW_YEAR + 60_000,
        event: event.clone(),
    };
    events.iter().enumerate().map(place).collect()
}

/// By definition: of each key the first copy in the log.
fn first_copies(log: &[QuizSubmitted]) -> BTreeMap<(Uuid, String), ResponseRow> {
    let mut first = BTreeMap::new();
    for Placed { offset, append_ms, event } in placed(log, 0) {
        let row = ResponseRow::of(event, offset, append_ms).unwrap().unwrap();
        first.entry((row.key().0, row.key().1.to_owned())).or_insert(row);
    }
    first
}

proptest! {
    #[test]
    fn responses_are_the_first_copies_whatever_happens(log in logs(80), plan in plans()) {
        let mut tables = Tables::default();
        let mut held: Option<(usize, usize)> = None;
        let ends_well = std::iter::repeat((7, Fate::Commits));
        for (count, fate) in plan.into_iter().chain(ends_well) {
            let from = tables.covered;
            let through = (from + count).min(log.len());
            let rows = || fold_events::<ResponseRow>(placed(&log[from..through], from)).unwrap();
            match fate {
                Fate::Commits | Fate::DiesAfterCommit => prop_assert!(tables.write_responses(rows(), from, through)),
                Fate::DiesBeforeCommit => held = Some((from, through)),
                Fate::MeetsZombie => {
                    let Some((from, through)) = held.take() else { continue };
                    let overtaken = tables.covered != from;
                    let rows = fold_events::<ResponseRow>(placed(&log[from..through], from)).unwrap();
                    prop_assert_eq!(tables.write_responses(rows, from, through), !overtaken);
                }
            }
            if tables.covered == log.len() {
                break;
            }
        }
        prop_assert_eq!(tables.responses, first_copies(&log));
    }

    #[test]
    fn quizzes_are_the_latest_versions_whatever_the_batches(
        log in prop::collection::vec(0..5_u8, 1..60),
        cuts in prop::collection::vec(1..9_usize, 1..60),
    ) {
        let versions: Vec<QuizDefinition> =
            log.iter().enumerate().map(|(number, quiz)| definition(&format!("q{quiz}"), &format!("v{number}"))).collect();
        let mut latest = BTreeMap::new();
        for (number, version) in versions.iter().enumerate() {
            latest.insert(version.quiz_id.clone(), number as i64);
        }
        let mut tables = Tables::default();
        let mut from = 0;
        for count in cuts.into_iter().chain(std::iter::repeat(5)) {
            let through = (from + count).min(versions.len());
            let place = |number: usize| Placed { offset: number as i64, append_ms: NEW_YEAR, event: versions[number].clone() };
            tables.write_quizzes(fold_events((from..through).map(place).collect()).unwrap());
            // A batch that was durable without its owner's knowledge comes again.
            tables.write_quizzes(fold_events((from..through).map(place).collect()).unwrap());
            from = through;
            if from == versions.len() {
                break;
            }
        }
        let versions: BTreeMap<String, i64> = tables.quizzes.into_iter().map(|(quiz, row)| (quiz, row.version)).collect();
        prop_assert_eq!(versions, latest);
    }

    #[test]
    fn merged_rows_stand_in_the_order_of_their_keys_each_once(log in logs(80)) {
        let rows = fold_events::<ResponseRow>(placed(&log, 0)).unwrap();
        prop_assert!(rows.is_sorted_by(|left, right| left.key() < right.key()));
    }
}

/// The same on PostgreSQL. An owner dies by its work being dropped after a random time, somewhere
/// between BEGIN and the answer to COMMIT.
#[test]
fn postgresql_holds_the_first_copies_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = runtime.block_on(TestDatabase::prepared());
    let plans = prop::collection::vec((1..20_usize, 0..4_000_u64, any::<bool>()), 1..25);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
    runner
        .run(&(logs(120), plans), |(events, plan)| {
            runtime.block_on(async {
                database.run("TRUNCATE state_v1.quiz_responses, state_v1.projection_offset").await;
                fold_with_deaths(&database, &Log::of(events.clone()), plan).await;
                let mut stored = BTreeMap::new();
                for row in database.rows("quiz_responses").await {
                    let key: (Uuid, String) = (
                        row["response_id"].as_str().unwrap().parse().unwrap(),
                        row["quiz_id"].as_str().unwrap().to_owned(),
                    );
                    stored.insert(
                        key,
                        (row["source_offset"].as_i64().unwrap(), row["answers"]["copy"].as_i64().unwrap()),
                    );
                }
                let expected: BTreeMap<_, _> = first_copies(&events)
                    .into_iter()
                    .map(|(key, row)| (key, (row.source_offset, row.source_offset)))
                    .collect();
                prop_assert_eq!(stored, expected);
                prop_assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 0);
                Ok(())
            })
        })
        .unwrap();
}

async fn fold_with_deaths(database: &TestDatabase, log: &Log, plan: Vec<(usize, u64, bool)>) {
    let projection = database.projection();
    let mut owner = Owner::open(&projection, &submissions()).await;
    let mut zombies: Vec<Owner> = Vec::new();
    for (count, dies_after_micros, a_zombie_wakes) in plan {
        if owner.next == log.records.len() {
            return;
        }
        let lived =
            tokio::time::timeout(Duration::from_micros(dies_after_micros), owner.apply(log, count)).await;
        match lived {
            Ok(Ok(())) => {}
            // What another owner, or the same one before it died, left behind for a moment.
            Ok(Err(FoldError::Reopen(_) | FoldError::Retry { .. })) | Err(_) => {
                let dead = std::mem::replace(&mut owner, Owner::open(&projection, &submissions()).await);
                zombies.push(dead);
            }
            Ok(Err(error)) => panic!("{error}"),
        }
        if a_zombie_wakes
            && let Some(zombie) = zombies.first_mut()
            && zombie.next < log.records.len()
        {
            // Whether it is overtaken or takes over, the tables stay right.
            let _ = zombie.apply(log, count).await;
        }
    }
    loop {
        owner = Owner::open(&projection, &submissions()).await;
        if owner.next == log.records.len() {
            return;
        }
        if let Err(FoldError::Poison(poison)) = owner.apply(log, 50).await {
            panic!("{poison:?}");
        }
    }
}
