//! Beacons with answers become one row for each response: any order, any batches, any copies and any
//! redo give the same rows.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vendzz_projections::state::{FOLD_VERSION, FoldedRow, PartialRow, Placed, fold_events};
use vendzz_runtime::kernel::Source;
use vendzz_schemas::events::{AnswerValue, ElementSeen, QuizProgressed, Utm};
use vendzz_schemas::ids::TimedId;

use crate::support::{Log, NEW_YEAR, Owner, TestDatabase, beacons, response_id};

fn full() -> QuizProgressed {
    let seen = |id: &str, millis| ElementSeen { element_id: id.to_owned(), millis };
    QuizProgressed {
        account_id: "conta-1".into(),
        quiz_id: "emagrecimento".into(),
        response_id: TimedId::mint_at(NEW_YEAR as u64, &[1; 10]).to_string(),
        visitor_id: Some(TimedId::mint_at(NEW_YEAR as u64 - 5_000, &[2; 10]).to_string()),
        version: 7,
        sequence: 1,
        received_at: NEW_YEAR + 60_123,
        started_at: Some(NEW_YEAR - 120_000),
        elements: vec![seen("intro", 4_000), seen("nome", 2_500), seen("email", 0)],
        reported: 0,
        answers: BTreeMap::from([
            ("email".to_owned(), AnswerValue::Text("ana@exemplo.com.br".into())),
            ("nome".to_owned(), AnswerValue::Text("Ana \"Nina\" 🏃\n\\".into())),
            ("peso".to_owned(), AnswerValue::Double(80.0)),
        ]),
        hidden: BTreeMap::from([("origem".to_owned(), "anúncio".to_owned())]),
        utm: Utm { source: "instagram".into(), ..Utm::default() },
        referrer: "https://exemplo.com.br/pagina".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        address_hash: "00ff".into(),
        tags: vec!["stale_definition".into()],
    }
}

/// A beacon of a bot, of an edge whose clock is a year behind.
fn bot() -> QuizProgressed {
    QuizProgressed {
        response_id: TimedId::mint_at(NEW_YEAR as u64 + 1, &[3; 10]).to_string(),
        visitor_id: None,
        received_at: NEW_YEAR - 365 * 86_400_000,
        started_at: None,
        elements: vec![],
        bot_verdict: "bot".into(),
        tags: vec![],
        ..full()
    }
}

fn events() -> [QuizProgressed; 5] {
    let third = QuizProgressed {
        sequence: 3,
        received_at: NEW_YEAR + 60_400,
        elements: vec![ElementSeen { element_id: "peso".into(), millis: 1 }],
        ..full()
    };
    // Late, and received before all others: it gives the row nothing but its first moment.
    let second = QuizProgressed { sequence: 2, received_at: NEW_YEAR + 60_001, ..full() };
    let before_a_contact =
        QuizProgressed { answers: BTreeMap::new(), response_id: response_id(9).to_string(), ..full() };
    [full(), third, second, bot(), before_a_contact]
}

#[test]
fn the_rows_of_fixed_beacons_are_those_of_this_version() {
    let place =
        |(number, event)| Placed { offset: 100 + number, append_ms: NEW_YEAR + 61_000 + number, event };
    let rows = fold_events::<PartialRow>((0..).zip(events()).map(place).collect()).unwrap();
    insta::assert_debug_snapshot!(format!("{FOLD_VERSION}_partial_rows"), rows);
}

#[tokio::test]
async fn the_table_of_fixed_beacons_is_that_of_this_version_whatever_the_batches() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    events().iter().for_each(|event| log.progress(NEW_YEAR + 61_000, event));
    let mut owner = Owner::open(&database.projection(), &beacons()).await;
    assert_eq!(owner.apply_rest(&log).await, []);
    let at_once = database.rows("partial_responses").await;
    insta::assert_json_snapshot!(format!("{FOLD_VERSION}_table_partial_responses"), at_once);

    database.run("TRUNCATE state_v1.partial_responses, state_v1.projection_offset").await;
    let mut owner = Owner::open(&database.projection(), &beacons()).await;
    while owner.next < log.records.len() {
        owner.apply(&log, 1).await.unwrap();
    }
    assert_eq!(database.rows("partial_responses").await, at_once);
    assert_eq!(database.reader().rows_beyond_resume_points().await.unwrap(), 0);
}

#[tokio::test]
async fn a_beacon_that_breaks_the_contract_is_a_dead_letter_and_harms_no_other() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    let nul = BTreeMap::from([("nome".to_owned(), AnswerValue::Text("a\0b".into()))]);
    for event in [
        QuizProgressed { sequence: 4, ..full() },
        full(),
        QuizProgressed { answers: nul, ..bot() },
        // Although it would make no row.
        QuizProgressed { answers: BTreeMap::new(), received_at: i64::MAX, ..bot() },
        bot(),
    ] {
        log.progress(NEW_YEAR + 61_000, &event);
    }
    let dead_letters = Owner::open(&database.projection(), &beacons()).await.apply_rest(&log).await;
    let reasons: Vec<_> = dead_letters.iter().map(|poison| (poison.offset, poison.reason)).collect();
    assert_eq!(reasons, [(0, "bad_sequence"), (2, "nul"), (3, "bad_time")]);
    assert_eq!(database.rows("partial_responses").await.len(), 2);
    let response = response_of(&full());
    let read = database.reader().partial_response(response.uuid(), "emagrecimento").await.unwrap().unwrap();
    assert_eq!(
        (read.sequence, read.last_element.as_str(), read.account_id.as_str()),
        (1, "email", "conta-1")
    );
    assert_eq!(read.answers["email"], "ana@exemplo.com.br");
    assert!(database.reader().partial_response(response.uuid(), "other").await.unwrap().is_none());
}

fn response_of(event: &QuizProgressed) -> TimedId {
    TimedId::parse(&event.response_id).unwrap()
}

/// A record of the property's log: which partition it stands in, and when it was appended.
#[derive(Debug, Clone)]
struct Beacon {
    partition: i32,
    append_ms: i64,
    event: QuizProgressed,
}

/// Few responses and sequences, append times that repeat and go back, and, against all routing, one
/// response in several partitions.
fn logs() -> impl Strategy<Value = Vec<Beacon>> {
    let beacon = (0..3_i32, 0..4_i64, 0..3_u64, 1..4_i32, 0..50_i64, any::<bool>());
    prop::collection::vec(beacon, 1..40).prop_map(|beacons| {
        let beacon = |(copy, (partition, append, number, sequence, received, has_answers))| {
            let answers = BTreeMap::from([("copy".to_owned(), AnswerValue::Long(copy))]);
            let event = QuizProgressed {
                response_id: response_id(number).to_string(),
                sequence,
                received_at: NEW_YEAR + received,
                answers: if has_answers { answers } else { BTreeMap::new() },
                ..full()
            };
            Beacon { partition, append_ms: NEW_YEAR + 60_000 + append, event }
        };
        (0..).zip(beacons).map(beacon).collect()
    })
}

/// By definition: the greatest sequence; of copies the least place; the least event time of all.
/// (response, (which copy's answers, first seen after the new year in milliseconds))
fn expected(log: &[Beacon]) -> BTreeMap<String, (i64, i64)> {
    let mut offsets = BTreeMap::<i32, i64>::new();
    let mut best: BTreeMap<String, (i32, i64, i32, i64, i64)> = BTreeMap::new();
    let mut first: BTreeMap<String, i64> = BTreeMap::new();
    for Beacon { partition, append_ms, event } in log {
        let next = offsets.entry(*partition).or_default();
        let offset = *next;
        *next += 1;
        let Some(AnswerValue::Long(copy)) = event.answers.get("copy") else { continue };
        let seen = event.received_at - NEW_YEAR;
        first
            .entry(event.response_id.clone())
            .and_modify(|first| *first = (*first).min(seen))
            .or_insert(seen);
        let candidate = (-event.sequence, *append_ms, *partition, offset, *copy);
        best.entry(event.response_id.clone())
            .and_modify(|best| *best = (*best).min(candidate))
            .or_insert(candidate);
    }
    best.into_iter()
        .map(|(response, (.., copy))| {
            let seen = first[&response];
            (response, (copy, seen))
        })
        .collect()
}

async fn stored(database: &TestDatabase) -> BTreeMap<String, (i64, i64)> {
    let sql = "SELECT response_id::text, (answers->>'copy')::bigint, (extract(epoch FROM first_seen_at) * 1000)::bigint
        FROM state_v1.partial_responses";
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as(sql).fetch_all(&mut database.connect().await).await.unwrap();
    rows.into_iter().map(|(response, copy, first)| (response, (copy, first - NEW_YEAR))).collect()
}

#[test]
fn the_rows_are_those_of_the_greatest_sequences_whatever_the_order_of_partitions_batches_and_redo() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = runtime.block_on(TestDatabase::prepared());
    // Steps of owners: which partition goes on, by how many records, and whether it is forgotten how far it was.
    let plans = prop::collection::vec((0..3_i32, 1..9_usize, prop::bool::weighted(0.2)), 1..20);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    runner
        .run(&(logs(), plans), |(beacons, plan)| {
            runtime.block_on(async {
                database.run("TRUNCATE state_v1.partial_responses, state_v1.projection_offset").await;
                let mut partitions: BTreeMap<i32, Log> = BTreeMap::new();
                for Beacon { partition, append_ms, event } in &beacons {
                    partitions.entry(*partition).or_insert_with(Log::new).progress(*append_ms, event);
                }
                let to_the_end = (0..3).rev().map(|partition| (partition, usize::MAX / 2, false));
                for (partition, count, from_the_start) in plan.into_iter().chain(to_the_end) {
                    let Some(log) = partitions.get(&partition) else { continue };
                    if from_the_start {
                        database.run("TRUNCATE state_v1.projection_offset").await;
                    }
                    let source = Source { partition, ..crate::support::beacons() };
                    let mut owner = Owner::open(&database.projection(), &source).await;
                    if owner.next < log.records.len() {
                        owner.apply(log, count.min(log.records.len())).await.unwrap();
                    }
                }
                prop_assert_eq!(stored(&database).await, expected(&beacons));
                Ok(())
            })
        })
        .unwrap();
}

proptest! {
    #[test]
    fn merged_rows_stand_in_the_order_of_their_keys_each_once(log in logs()) {
        let place = |(offset, beacon): (i64, Beacon)| Placed { offset, append_ms: beacon.append_ms, event: beacon.event };
        let rows = fold_events::<PartialRow>((0..).zip(log).map(place).collect()).unwrap();
        prop_assert!(rows.is_sorted_by(|left, right| left.key() < right.key()));
        prop_assert!(rows.iter().all(|row| row.offset() == row.source_offset && row.week().is_none()));
    }
}
