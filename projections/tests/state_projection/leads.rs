//! Records of leads become one row for each contact of an account: any order, any batches, any copies
//! and any redo give the same rows.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vendzz_projections::state::{FOLD_VERSION, LeadRow, Placed, fold_events};
use vendzz_runtime::kernel::Source;
use vendzz_schemas::events::{LeadDetected, LeadName};
use vendzz_schemas::ids;

use crate::support::{Log, NEW_YEAR, Owner, TestDatabase, leads, response_id};

fn lead_of(value: &str, number: u64) -> LeadDetected {
    let key = ids::account_key(b"a secret", "conta-1");
    let field = if value.contains('@') { "email" } else { "phone" };
    LeadDetected {
        account_id: "conta-1".into(),
        lead_id: ids::lead_id(&key, field, value).to_string(),
        quiz_id: "emagrecimento".into(),
        response_id: response_id(number).to_string(),
        field: field.into(),
        value: value.into(),
        confidence: 0.75,
        element_id: format!("e{number}"),
        evidence: "typed_element".into(),
        name: None,
        trigger: "completed".into(),
        seen_at: NEW_YEAR + number as i64 * 1_000,
    }
}

fn named(lead: LeadDetected, name: &str) -> LeadDetected {
    let element_id = format!("nome-{}", lead.element_id);
    let name = LeadName { value: name.into(), confidence: 0.5, element_id, evidence: "label".into() };
    LeadDetected { name: Some(name), ..lead }
}

fn events() -> [LeadDetected; 4] {
    [
        named(lead_of("ana@exemplo.com.br", 1), "Ana \"Nina\""),
        lead_of("+5511987654321", 1),
        named(lead_of("ana@exemplo.com.br", 2), "Ana Souza"),
        LeadDetected { trigger: "abandoned".into(), ..lead_of("ana@exemplo.com.br", 3) },
    ]
}

#[test]
fn the_rows_of_fixed_leads_are_those_of_this_version() {
    let place =
        |(number, event)| Placed { offset: 100 + number, append_ms: NEW_YEAR + 61_000 + number, event };
    let rows = fold_events::<LeadRow>((0..).zip(events()).map(place).collect()).unwrap();
    insta::assert_debug_snapshot!(format!("{FOLD_VERSION}_lead_rows"), rows);
}

#[tokio::test]
async fn the_table_of_fixed_leads_is_that_of_this_version_whatever_the_batches() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    events().iter().for_each(|event| log.lead(NEW_YEAR + 61_000, event));
    assert_eq!(Owner::open(&database.projection(), &leads()).await.apply_rest(&log).await, []);
    let at_once = database.rows("leads").await;
    insta::assert_json_snapshot!(format!("{FOLD_VERSION}_table_leads"), at_once);

    database.run("TRUNCATE state_v1.leads, state_v1.projection_offset").await;
    let mut owner = Owner::open(&database.projection(), &leads()).await;
    while owner.next < log.records.len() {
        owner.apply(&log, 1).await.unwrap();
    }
    assert_eq!(database.rows("leads").await, at_once);
}

#[tokio::test]
async fn a_lead_that_breaks_the_contract_is_a_dead_letter_and_harms_no_other() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    for event in [
        LeadDetected { confidence: f64::NAN, ..lead_of("ana@exemplo.com.br", 1) },
        lead_of("ana@exemplo.com.br", 2),
        LeadDetected { value: "a\0b".into(), ..lead_of("ana@exemplo.com.br", 3) },
        LeadDetected { lead_id: response_id(1).to_string(), ..lead_of("ana@exemplo.com.br", 4) },
    ] {
        log.lead(NEW_YEAR + 61_000, &event);
    }
    let dead_letters = Owner::open(&database.projection(), &leads()).await.apply_rest(&log).await;
    let reasons: Vec<_> = dead_letters.iter().map(|poison| (poison.offset, poison.reason)).collect();
    assert_eq!(reasons, [(0, "bad_confidence"), (2, "nul"), (3, "bad_id")]);
    let rows = database.rows("leads").await;
    assert_eq!((rows.len(), rows[0]["first_element_id"].as_str()), (1, Some("e2")));
}

#[tokio::test]
async fn an_accounts_leads_are_read_page_by_page_the_latest_first() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    for number in 0..25 {
        // Two of each moment, so that a page ends between equals.
        let event = LeadDetected {
            seen_at: NEW_YEAR + number as i64 / 2,
            ..lead_of(&format!("a{number}@exemplo.com.br"), number)
        };
        log.lead(NEW_YEAR + 61_000, &event);
    }
    log.lead(
        NEW_YEAR + 61_000,
        &LeadDetected { account_id: "outra".into(), ..lead_of("b@exemplo.com.br", 30) },
    );
    assert_eq!(Owner::open(&database.projection(), &leads()).await.apply_rest(&log).await, []);
    let reader = database.reader();
    let mut read = Vec::new();
    let mut before = None;
    loop {
        let page = reader.leads("conta-1", before, 10).await.unwrap();
        before = page.last().map(|lead| lead.page_key());
        let is_last = page.len() < 10;
        read.extend(page);
        if is_last {
            break;
        }
    }
    assert_eq!(read.len(), 25);
    assert!(read.is_sorted_by(|left, right| left.page_key() > right.page_key()));
    assert!(read.iter().all(|lead| lead.name.is_none() && lead.field == "email"));
}

/// A record of the property's log.
#[derive(Debug, Clone)]
struct Found {
    partition: i32,
    append_ms: i64,
    event: LeadDetected,
}

fn logs() -> impl Strategy<Value = Vec<Found>> {
    let found = (0..3_i32, 0..4_i64, 0..3_usize, any::<bool>(), 0..4_i64);
    prop::collection::vec(found, 1..40).prop_map(|found| {
        let record = |(number, drawn): (u64, (i32, i64, usize, bool, i64))| {
            let (partition, append, value, has_name, seen) = drawn;
            let event = lead_of(["a@exemplo.com.br", "b@exemplo.com.br", "+5511987654321"][value], number);
            let event = LeadDetected { seen_at: NEW_YEAR + seen, ..event };
            let event = if has_name { named(event, &format!("Nome {number}")) } else { event };
            Found { partition, append_ms: NEW_YEAR + 60_000 + append, event }
        };
        (0..).zip(found).map(record).collect()
    })
}

/// Value → elements of the first record, of the last, and of the last one's name.
type Known = BTreeMap<String, (String, String, Option<String>)>;

/// A record and its place: when the contact was seen, append time, partition, offset.
type Standing<'a> = ((i64, i64, i32, i64), &'a LeadDetected);

/// By definition: sort the records of a value by their places.
fn expected(log: &[Found]) -> Known {
    let mut offsets = BTreeMap::<i32, i64>::new();
    let mut of_value: BTreeMap<String, Vec<Standing>> = BTreeMap::new();
    for Found { partition, append_ms, event } in log {
        let next = offsets.entry(*partition).or_default();
        let place = (event.seen_at, *append_ms, *partition, *next);
        of_value.entry(event.value.clone()).or_default().push((place, event));
        *next += 1;
    }
    let known = |(value, mut records): (String, Vec<Standing>)| {
        records.sort_by_key(|(place, _)| *place);
        let element = |record: Option<&Standing>| record.unwrap().1.element_id.clone();
        let name =
            records.iter().rev().find_map(|(_, event)| event.name.as_ref()).map(|name| name.value.clone());
        (value, (element(records.first()), element(records.last()), name))
    };
    of_value.into_iter().map(known).collect()
}

async fn stored(database: &TestDatabase) -> Known {
    let sql = "SELECT value, first_element_id, last_element_id, name FROM state_v1.leads
        WHERE last_response_id::text LIKE '0%' AND (name IS NULL) = (name_element_id IS NULL)";
    let rows: Vec<(String, String, String, Option<String>)> =
        sqlx::query_as(sql).fetch_all(&mut database.connect().await).await.unwrap();
    rows.into_iter().map(|(value, first, last, name)| (value, (first, last, name))).collect()
}

#[test]
fn first_last_and_name_are_those_of_the_log_whatever_the_order_of_partitions_batches_and_redo() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let database = runtime.block_on(TestDatabase::prepared());
    let plans = prop::collection::vec((0..3_i32, 1..9_usize, prop::bool::weighted(0.2)), 1..20);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    runner
        .run(&(logs(), plans), |(found, plan)| {
            runtime.block_on(async {
                database.run("TRUNCATE state_v1.leads, state_v1.projection_offset").await;
                let mut partitions: BTreeMap<i32, Log> = BTreeMap::new();
                for Found { partition, append_ms, event } in &found {
                    partitions.entry(*partition).or_insert_with(Log::new).lead(*append_ms, event);
                }
                let to_the_end = (0..3).rev().map(|partition| (partition, usize::MAX / 2, false));
                for (partition, count, from_the_start) in plan.into_iter().chain(to_the_end) {
                    let Some(log) = partitions.get(&partition) else { continue };
                    if from_the_start {
                        database.run("TRUNCATE state_v1.projection_offset").await;
                    }
                    let source = Source { partition, ..leads() };
                    let mut owner = Owner::open(&database.projection(), &source).await;
                    if owner.next < log.records.len() {
                        owner.apply(log, count.min(log.records.len())).await.unwrap();
                    }
                }
                prop_assert_eq!(stored(&database).await, expected(&found));
                Ok(())
            })
        })
        .unwrap();
}
