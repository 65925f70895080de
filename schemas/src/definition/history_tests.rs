use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::definition::testing::{choice, document, text};

fn retired(element_id: &str, element_type: &str, choices: &[&str]) -> RetiredElement {
    RetiredElement {
        element_id: element_id.to_owned(),
        element_type: element_type.to_owned(),
        choices: choices.iter().map(|id| (*id).to_owned()).collect(),
    }
}

#[test]
fn what_was_removed_is_carried() {
    let first = document(json!([text("a"), choice("b", &["x", "y"]), choice("c", &["p"])]), json!([]));
    let second = document(json!([choice("b", &["y", "z"])]), json!([]));
    let history = History::after(Some(&History::after(None, &first)), &second);
    let expected = [
        retired("a", "short_text", &[]),
        retired("b", "single_choice", &["x"]),
        retired("c", "single_choice", &["p"]),
    ];
    assert_eq!(history.retired_from(&second), expected);
    assert!(history.offered("b", "x") && history.offered("b", "z") && !history.offered("b", "q"));
    assert_eq!(history.type_of("a"), Some("short_text"));
}

#[test]
fn what_comes_back_is_no_longer_retired() {
    let first = document(json!([choice("b", &["x", "y"])]), json!([]));
    let second = document(json!([text("a")]), json!([]));
    let history = History::after(Some(&History::after(None, &first)), &second);
    let third = History::after(Some(&history), &first);
    assert_eq!(third.retired_from(&first), [retired("a", "short_text", &[])]);
}

#[test]
fn rows_and_columns_count_as_offered() {
    let matrix = |rows: &[&str]| {
        let rows: Vec<Value> = rows.iter().map(|id| json!({"id": id, "label": id})).collect();
        json!([{"id": "m", "type": "matrix", "label": "?",
            "properties": {"rows": rows, "columns": [{"id": "c", "label": "C"}]}}])
    };
    let first = document(matrix(&["r1", "r2"]), json!([]));
    let second = document(matrix(&["r1"]), json!([]));
    let history = History::after(Some(&History::after(None, &first)), &second);
    assert_eq!(history.retired_from(&second), [retired("m", "matrix", &["r2"])]);
}

/// A version: some of five elements, each always of its own type, with some of four choices.
fn any_version() -> impl Strategy<Value = QuizDocument> {
    let element = (0..5usize, prop::collection::btree_set(0..4usize, 1..4));
    prop::collection::btree_map(
        element.clone().prop_map(|(id, _)| id),
        element.prop_map(|(_, choices)| choices),
        1..5,
    )
    .prop_map(|elements| {
        let of_choices = |id: &usize, choices: &BTreeSet<usize>| {
            let choices: Vec<String> = choices.iter().map(|choice| format!("c{choice}")).collect();
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            choice(&format!("e{id}"), &choices)
        };
        document(elements.iter().map(|(id, choices)| of_choices(id, choices)).collect(), json!([]))
    })
}

proptest! {
    /// A version's record, its document and what it carries, holds the whole history: folding it from
    /// records only gives the same as remembering every version.
    #[test]
    fn a_record_holds_the_whole_history(versions in prop::collection::vec(any_version(), 1..6)) {
        let mut remembered = History::default();
        let mut record: Option<(QuizDocument, Vec<RetiredElement>)> = None;
        for version in versions {
            let former = record.as_ref().map(|(document, retired)| History::of_version(document, retired));
            remembered = History::after(Some(&remembered), &version);
            let history = History::after(former.as_ref(), &version);
            prop_assert_eq!(&history, &remembered);
            let retired = history.retired_from(&version);
            record = Some((version, retired));
        }
    }
}
