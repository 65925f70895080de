//! What fixed events become. When one of these fails, the fold's output has changed: then the fold's
//! version must change too (a new schema, filled by a rebuild), and only with it the snapshot.

use std::collections::BTreeMap;

use vendzz_projections::state::{FOLD_VERSION, Placed, QuizRow, ResponseRow, fold_events};
use vendzz_schemas::events::{AnswerValue, QuizDefinition, QuizSubmitted, RetiredElement, Utm};
use vendzz_schemas::ids::TimedId;

use crate::support::{Log, NEW_YEAR, Owner, TestDatabase, definition, definitions, fold_all};

fn full() -> QuizSubmitted {
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    QuizSubmitted {
        account_id: "conta-1".into(),
        quiz_id: "emagrecimento".into(),
        response_id: TimedId::mint_at(NEW_YEAR as u64, &[1; 10]).to_string(),
        visitor_id: Some(TimedId::mint_at(NEW_YEAR as u64 - 5_000, &[2; 10]).to_string()),
        version: 7,
        received_at: NEW_YEAR + 60_123,
        started_at: Some(NEW_YEAR - 120_000),
        submitted_at: Some(NEW_YEAR + 59_000),
        answers: BTreeMap::from([
            ("aceite".to_owned(), AnswerValue::Bool(true)),
            (
                "endereco".to_owned(),
                AnswerValue::Map(BTreeMap::from([("cep".to_owned(), "01310-100".to_owned())])),
            ),
            ("idade".to_owned(), AnswerValue::Long(-41)),
            ("inteiro".to_owned(), AnswerValue::Double(80.0)),
            ("metas".to_owned(), AnswerValue::List(vec!["dormir".into(), "correr".into()])),
            ("nome".to_owned(), text("João \"Jota\" 🏃\n\\")),
            ("peso".to_owned(), AnswerValue::Double(82.5)),
            ("vazia".to_owned(), AnswerValue::List(vec![])),
        ]),
        hidden: BTreeMap::from([("origem".to_owned(), "anúncio".to_owned())]),
        utm: Utm { source: "instagram".into(), campaign: "verão".into(), ..Utm::default() },
        referrer: "https://exemplo.com.br/pagina".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "suspect".into(),
        bot_reasons: vec!["too_fast".into(), "a,b {\"c\\d\"}".into()],
        address_hash: "00ff".into(),
        tags: vec![QuizSubmitted::TAG_STALE_DEFINITION.into()],
        elements: vec![],
        reported: 0,
    }
}

/// With the implausible time of an edge whose clock is a year behind.
fn bare() -> QuizSubmitted {
    QuizSubmitted {
        response_id: TimedId::mint_at(NEW_YEAR as u64 + 1, &[3; 10]).to_string(),
        visitor_id: None,
        received_at: NEW_YEAR - 365 * 86_400_000,
        started_at: None,
        submitted_at: None,
        answers: BTreeMap::new(),
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        country: String::new(),
        bot_verdict: "bot".into(),
        bot_reasons: vec![],
        tags: vec![],
        ..full()
    }
}

/// A later copy of the first event, which must leave no trace.
fn copy() -> QuizSubmitted {
    QuizSubmitted { response_id: full().response_id, ..bare() }
}

fn events() -> [QuizSubmitted; 3] {
    [full(), bare(), copy()]
}

fn versions() -> [QuizDefinition; 3] {
    let published = definition("emagrecimento", "Emagreça em 30 dias");
    let removed =
        RetiredElement { element_id: "idade".into(), element_type: "number".into(), choices: vec![] };
    [
        published.clone(),
        definition("emprestimo", "Simulador"),
        QuizDefinition {
            state: "unpublished".into(),
            changed_at: NEW_YEAR + 5_000,
            retired: vec![removed],
            ..published
        },
    ]
}

fn placed<E>(events: impl IntoIterator<Item = E>) -> Vec<Placed<E>> {
    let place =
        |(number, event)| Placed { offset: 100 + number, append_ms: NEW_YEAR + 61_000 + number, event };
    (0..).zip(events).map(place).collect()
}

#[test]
fn the_rows_of_fixed_events_are_those_of_this_version() {
    insta::assert_debug_snapshot!(
        format!("{FOLD_VERSION}_response_rows"),
        fold_events::<ResponseRow>(placed(events())).unwrap()
    );
    insta::assert_debug_snapshot!(
        format!("{FOLD_VERSION}_quiz_rows"),
        fold_events::<QuizRow>(placed(versions())).unwrap()
    );
}

#[tokio::test]
async fn the_tables_of_fixed_events_are_those_of_this_version() {
    let database = TestDatabase::prepared().await;
    let mut log = Log::new();
    for event in events() {
        log.submit(&event);
        log.records.last_mut().unwrap().append_ms = NEW_YEAR + 61_000;
    }
    assert_eq!(fold_all(&database, &log).await, []);
    let mut quizzes = Log::new();
    versions().iter().for_each(|version| quizzes.define(version));
    Owner::open(&database.projection(), &definitions()).await.apply(&quizzes, 3).await.unwrap();
    for table in ["quiz_responses", "quizzes"] {
        insta::assert_json_snapshot!(format!("{FOLD_VERSION}_table_{table}"), database.rows(table).await);
    }
    // The hash in the resume point covers encoded bytes, so here it is the offsets that are fixed.
    let offsets: Vec<i64> =
        database.reader().resume_points().await.unwrap().values().map(|point| point.offset).collect();
    assert_eq!(offsets, [2, 2]);
}
