use serde_json::{Value, json};

use crate::definition::testing::{choice, document, document_json, examples, text};
use crate::definition::{History, QuizDocument, check_definition, check_definition_value};

type Found = Vec<(String, &'static str)>;

fn problems(document: &Value, previous: Option<&History>) -> Found {
    match check_definition_value(document, previous) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect(),
    }
}

fn expect(document: &Value, expected: &[(&str, &'static str)]) {
    let expected: Found = expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
    assert_eq!(problems(document, None), expected, "{document:#}");
}

/// A right document in which one place is replaced (`None` removes it).
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut document = document_json(
        json!([
            {"id": "a", "type": "short_text", "label": "A?", "properties": {"maxLength": 50}},
            {"id": "b", "type": "single_choice", "label": "B?",
             "choices": [{"id": "x", "label": "X", "score": 1}, {"id": "y", "label": "Y"}]},
            {"id": "m", "type": "matrix", "label": "M?", "properties": {
                "rows": [{"id": "r1", "label": "R1"}, {"id": "r2", "label": "R2"}],
                "columns": [{"id": "c1", "label": "C1"}]}},
            {"id": "h", "type": "heading", "properties": {"text": "T"}},
            {"id": "n", "type": "number", "label": "N?", "properties": {"min": 1, "max": 9}},
            {"id": "d", "type": "date", "label": "D?"},
        ]),
        json!([{"from": "a", "when": {"element": "b", "is": "equals", "value": "x"}, "goTo": "n"}]),
    );
    document["hiddenFields"] = json!(["utm_id", "gclid"]);
    document["results"] = json!([
        {"id": "low", "title": "Low", "minScore": 0, "maxScore": 4},
        {"id": "high", "title": "High", "minScore": 5, "maxScore": 9},
    ]);
    expect(&document, &[]);
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match (document.pointer_mut(parent).expect(pointer), value) {
        (Value::Object(object), Some(value)) => {
            object.insert(name.to_owned(), value);
        }
        (Value::Object(object), None) => {
            object.remove(name);
        }
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("cannot replace {pointer}"),
    }
    document
}

#[test]
fn every_fault_is_named_by_its_place() {
    // What is put where, and the one problem that it makes.
    let cases: Vec<(&str, Option<Value>, &str, &str)> = vec![
        ("/accountId", None, "/accountId", "missing"),
        ("/accountId", Some(json!("a b")), "/accountId", "bad_id"),
        // What the contract of events refuses, or each of its submissions would be a dead letter.
        ("/accountId", Some(json!("Conta")), "/accountId", "bad_id"),
        ("/accountId", Some(json!("x".repeat(65))), "/accountId", "too_long"),
        ("/title", Some(json!("  ")), "/title", "empty"),
        ("/title", Some(json!(7)), "/title", "wrong_type"),
        ("/title", Some(json!("x".repeat(201))), "/title", "too_long"),
        ("/title", Some(json!("a\0")), "/title", "null_character"),
        ("/language", Some(json!("português")), "/language", "bad_language"),
        ("/timeZone", Some(json!("America/Sao Paulo")), "/timeZone", "unknown_time_zone"),
        ("/timeZone", Some(json!("GMT-3")), "/timeZone", "unknown_time_zone"),
        ("/theme", Some(json!({})), "/theme", "unknown_field"),
        ("/a~1b", Some(json!(1)), "/a~01b", "unknown_field"),
        ("/savePartialResponses", Some(json!("yes")), "/savePartialResponses", "wrong_type"),
        ("/hiddenFields/1", Some(json!("utm id")), "/hiddenFields/1", "bad_name"),
        ("/hiddenFields/1", Some(json!("utm_id")), "/hiddenFields/1", "duplicate_id"),
        ("/hiddenFields/1", Some(json!(5)), "/hiddenFields/1", "wrong_type"),
        ("/hiddenFields", Some(json!({})), "/hiddenFields", "wrong_type"),
        // elements
        ("/elements/3/id", None, "/elements/3/id", "missing"),
        ("/elements/3/id", Some(json!("Título")), "/elements/3/id", "bad_id"),
        ("/elements/3/id", Some(json!("end")), "/elements/3/id", "reserved_id"),
        ("/elements/3/id", Some(json!("a")), "/elements/3/id", "duplicate_id"),
        ("/elements/3/type", Some(json!("headline")), "/elements/3/type", "unknown_type"),
        ("/elements/3/type", None, "/elements/3/type", "missing"),
        ("/elements/3/required", Some(json!(true)), "/elements/3/required", "not_a_question"),
        ("/elements/3/color", Some(json!("red")), "/elements/3/color", "unknown_field"),
        (
            "/elements/3/choices",
            Some(json!([{"id": "x", "label": "X"}])),
            "/elements/3/choices",
            "no_choices_here",
        ),
        ("/elements/3", Some(json!("heading")), "/elements/3", "wrong_type"),
        ("/elements/0/label", None, "/elements/0/label", "missing"),
        ("/elements/0/required", Some(json!("sim")), "/elements/0/required", "wrong_type"),
        ("/elements/0/properties", Some(json!([])), "/elements/0/properties", "wrong_type"),
        ("/elements/0/properties/min", Some(json!(1)), "/elements/0/properties/min", "unknown_property"),
        (
            "/elements/0/properties/maxLength",
            Some(json!("50")),
            "/elements/0/properties/maxLength",
            "wrong_type",
        ),
        (
            "/elements/0/properties/maxLength",
            Some(json!(0)),
            "/elements/0/properties/maxLength",
            "out_of_range",
        ),
        (
            "/elements/0/properties/minLength",
            Some(json!(51)),
            "/elements/0/properties/minLength",
            "empty_range",
        ),
        (
            "/elements/0/properties/description",
            Some(json!(1)),
            "/elements/0/properties/description",
            "wrong_type",
        ),
        ("/elements/3/properties/text", None, "/elements/3/properties/text", "missing_property"),
        ("/elements/3/properties/align", Some(json!("top")), "/elements/3/properties/align", "unknown_value"),
        ("/elements/4/properties/max", Some(json!(0.5)), "/elements/4/properties/min", "empty_range"),
        ("/elements/4/properties/step", Some(json!(0)), "/elements/4/properties/step", "out_of_range"),
        ("/elements/4/properties/max", Some(json!(1e13)), "/elements/4/properties/max", "out_of_range"),
        (
            "/elements/5/properties",
            Some(json!({"minDate": "2024-02-30"})),
            "/elements/5/properties/minDate",
            "bad_value",
        ),
        (
            "/elements/5/properties",
            Some(json!({"minDate": "2024-02-02", "maxDate": "2024-02-01"})),
            "/elements/5/properties/minDate",
            "empty_range",
        ),
        ("/elements/2/properties/rows", None, "/elements/2/properties/rows", "missing_property"),
        ("/elements/2/properties/rows", Some(json!([])), "/elements/2/properties/rows", "out_of_range"),
        (
            "/elements/2/properties/rows/1/id",
            Some(json!("r1")),
            "/elements/2/properties/rows/1/id",
            "duplicate_id",
        ),
        (
            "/elements/2/properties/rows/1/id",
            Some(json!("R 2")),
            "/elements/2/properties/rows/1/id",
            "bad_id",
        ),
        ("/elements/2/properties/rows/1/label", None, "/elements/2/properties/rows/1/label", "missing"),
        (
            "/elements/2/properties/rows/1/score",
            Some(json!(1)),
            "/elements/2/properties/rows/1/score",
            "unknown_field",
        ),
        ("/elements/2/properties/rows/1", Some(json!("r2")), "/elements/2/properties/rows/1", "wrong_type"),
        // choices
        ("/elements/1/choices/1/id", Some(json!("x")), "/elements/1/choices/1/id", "duplicate_id"),
        ("/elements/1/choices/1/id", Some(json!("Y")), "/elements/1/choices/1/id", "bad_id"),
        ("/elements/1/choices/1/label", Some(json!("")), "/elements/1/choices/1/label", "empty"),
        ("/elements/1/choices/1/score", Some(json!(0.5)), "/elements/1/choices/1/score", "wrong_type"),
        (
            "/elements/1/choices/1/score",
            Some(json!(1_000_001)),
            "/elements/1/choices/1/score",
            "out_of_range",
        ),
        (
            "/elements/1/choices/1/image",
            Some(json!("http://x.com/a.png")),
            "/elements/1/choices/1/image",
            "bad_url",
        ),
        (
            "/elements/1/choices/1/image",
            Some(json!("javascript:alert(1)")),
            "/elements/1/choices/1/image",
            "bad_url",
        ),
        (
            "/elements/1/choices/1/image",
            Some(json!("https://a@b.com/\"x")),
            "/elements/1/choices/1/image",
            "bad_url",
        ),
        ("/elements/1/choices/1/price", Some(json!(1)), "/elements/1/choices/1/price", "unknown_field"),
        // logic
        ("/logic/0/from", Some(json!("z")), "/logic/0/from", "unknown_element"),
        ("/logic/0/goTo", Some(json!("z")), "/logic/0/goTo", "jump_to_nowhere"),
        ("/logic/0/goTo", None, "/logic/0/goTo", "missing"),
        ("/logic/0/goto", Some(json!("end")), "/logic/0/goto", "unknown_field"),
        ("/logic/0/when/element", Some(json!("z")), "/logic/0/when/element", "unknown_element"),
        ("/logic/0/when/element", Some(json!("h")), "/logic/0/when/element", "not_a_question"),
        ("/logic/0/when/is", Some(json!("=")), "/logic/0/when/is", "unknown_operator"),
        ("/logic/0/when/is", Some(json!("greater")), "/logic/0/when/is", "operator_does_not_fit"),
        ("/logic/0/when/is", Some(json!("answered")), "/logic/0/when/value", "unexpected_value"),
        ("/logic/0/when/value", Some(json!("z")), "/logic/0/when/value", "unknown_choice"),
        ("/logic/0/when/value", Some(json!(1)), "/logic/0/when/value", "wrong_type"),
        ("/logic/0/when/value", None, "/logic/0/when/value", "missing"),
        ("/logic/0/when/then", Some(json!(1)), "/logic/0/when/then", "unknown_field"),
        ("/logic/0/when", Some(json!({"all": []})), "/logic/0/when/all", "empty"),
        ("/logic/0/when", Some(json!({"any": 1})), "/logic/0/when/any", "wrong_type"),
        ("/logic/0/when", Some(json!(true)), "/logic/0/when", "wrong_type"),
        (
            "/logic/0/when",
            Some(
                json!({"any": [{"element": "b", "is": "answered"}, {"all": [{"element": "q", "is": "answered"}]}]}),
            ),
            "/logic/0/when/any/1/all/0/element",
            "unknown_element",
        ),
        (
            "/logic/0/when",
            Some(json!({"element": "d", "is": "less", "value": "soon"})),
            "/logic/0/when/value",
            "bad_value",
        ),
        (
            "/logic/0/when",
            Some(json!({"element": "m", "is": "equals", "value": "r1"})),
            "/logic/0/when/is",
            "operator_does_not_fit",
        ),
        // results
        ("/results/1/id", Some(json!("low")), "/results/1/id", "duplicate_id"),
        ("/results/1/minScore", Some(json!(4)), "/results/1", "overlapping_range"),
        ("/results/1/minScore", Some(json!(10)), "/results/1/minScore", "empty_range"),
        ("/results/1/title", None, "/results/1/title", "missing"),
    ];
    for (pointer, value, expected_pointer, expected_code) in cases {
        expect(&with(pointer, value), &[(expected_pointer, expected_code)]);
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let document = json!({
        "title": "T",
        "language": "pt-BR",
        "timeZone": "Mars/Olympus",
        "elements": [
            {"id": "a", "type": "short_text"},
            {"id": "a", "type": "telepathy", "label": "?"},
            {"id": "b", "type": "single_choice", "label": "?", "choices": [{"label": "X"}]},
        ],
        "logic": [{"from": "a", "goTo": "nowhere"}, {"from": "q", "when": {"element": "b", "is": "like"}, "goTo": "end"}],
        "colour": "red",
    });
    expect(
        &document,
        &[
            ("/accountId", "missing"),
            ("/colour", "unknown_field"),
            ("/elements/0/label", "missing"),
            ("/elements/1/id", "duplicate_id"),
            ("/elements/1/type", "unknown_type"),
            ("/elements/2/choices/0/id", "missing"),
            ("/logic/0/goTo", "jump_to_nowhere"),
            ("/logic/1/from", "unknown_element"),
            ("/logic/1/when/is", "unknown_operator"),
            ("/timeZone", "unknown_time_zone"),
        ],
    );
}

#[test]
fn what_is_no_document_at_all() {
    expect(&json!([]), &[("", "wrong_type")]);
    expect(&document_json(json!([]), json!([])), &[("/elements", "missing")]);
    expect(&document_json(json!({}), json!([])), &[("/elements", "wrong_type")]);
    let code = |bytes: &[u8]| check_definition(bytes, None).expect_err("refused")[0].code;
    assert_eq!(code(b"{"), "syntax");
    assert_eq!(code(b"\xff"), "not_utf8");
    assert_eq!(code(br#"{"title": "a", "title": "b"}"#), "duplicate_key");
    assert_eq!(code(&vec![b' '; 256 * 1024 + 1]), "too_large");
}

#[test]
fn sizes_are_limited() {
    let many = |count: usize| (0..count).map(|number| text(&format!("e{number}"))).collect::<Value>();
    expect(&document_json(many(200), json!([])), &[]);
    expect(&document_json(many(201), json!([])), &[("/elements", "too_many")]);

    let ids: Vec<String> = (0..201).map(|number| format!("c{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    expect(&document_json(json!([choice("a", &ids[..200])]), json!([])), &[]);
    expect(&document_json(json!([choice("a", &ids)]), json!([])), &[("/elements/0/choices", "too_many")]);

    let mut nested = json!({"element": "a", "is": "answered"});
    for _ in 0..7 {
        nested = json!({"all": [nested]});
    }
    let rule = |condition: &Value| json!([{"from": "a", "when": condition, "goTo": "end"}]);
    expect(&document_json(json!([text("a")]), rule(&nested)), &[]);
    let too_deep = format!("/logic/0/when{}", "/all/0".repeat(8));
    expect(&document_json(json!([text("a")]), rule(&json!({"all": [nested]}))), &[(&too_deep, "too_deep")]);

    let paragraph = json!({"id": "p", "type": "paragraph", "properties": {"text": "é".repeat(5_000)}});
    let elements: Value = (0..30)
        .map(|number| {
            let mut element = paragraph.clone();
            element["id"] = json!(format!("p{number}"));
            element
        })
        .collect();
    expect(&document_json(elements, json!([])), &[("", "too_large")]);
}

#[test]
fn choices_are_needed_where_something_is_chosen() {
    let found = [("/elements/0/choices", "missing")];
    expect(&document_json(json!([choice("a", &[])]), json!([])), &found);
    let mut without = choice("a", &[]);
    without["choices"].take();
    expect(&document_json(json!([without]), json!([])), &[("/elements/0/choices", "wrong_type"), found[0]]);
}

#[test]
fn images_are_needed_where_pictures_are_chosen() {
    let mut element = choice("a", &["x"]);
    element["type"] = json!("image_choice");
    expect(&document_json(json!([element]), json!([])), &[("/elements/0/choices/0/image", "missing")]);
}

#[test]
fn more_choices_cannot_be_asked_for_than_are_offered() {
    let mut element = choice("a", &["x", "y"]);
    element["type"] = json!("multiple_choice");
    element["properties"] = json!({"minChoices": 3});
    let expected = [("/elements/0/properties/minChoices", "empty_range")];
    expect(&document_json(json!([element.clone()]), json!([])), &expected);
    element["properties"]["allowOther"] = json!(true);
    expect(&document_json(json!([element]), json!([])), &[]);
}

#[test]
fn a_loop_must_have_an_exit() {
    let elements = json!([text("a"), text("b"), text("c"), text("d")]);
    let answered = |id: &str| json!({"element": id, "is": "answered"});
    let quiz = |logic: Value| document_json(elements.clone(), logic);

    // b and c send each other back and forth, whatever is answered.
    let trap = json!([{"from": "c", "goTo": "b"}]);
    let trapped = [
        ("/elements/0", "loop_without_exit"),
        ("/elements/1", "loop_without_exit"),
        ("/elements/2", "loop_without_exit"),
    ];
    expect(&quiz(trap), &trapped);
    // With a condition it can be left.
    expect(&quiz(json!([{"from": "c", "when": answered("c"), "goTo": "b"}])), &[]);
    // A trap that only some answers lead to is still a trap.
    let behind = json!([
        {"from": "a", "when": answered("a"), "goTo": "c"},
        {"from": "a", "goTo": "end"},
        {"from": "c", "goTo": "c"},
    ]);
    expect(&quiz(behind), &[("/elements/2", "loop_without_exit")]);
    // One that nothing leads to is not: unreachable elements are allowed.
    expect(&quiz(json!([{"from": "a", "goTo": "end"}, {"from": "c", "goTo": "b"}])), &[]);
}

#[test]
fn a_rule_that_can_never_apply_is_named() {
    let rules = json!([{"from": "a", "goTo": "end"}, {"from": "a", "goTo": "b"}]);
    expect(&document_json(json!([text("a"), text("b")]), rules), &[("/logic/1", "never_applies")]);
}

#[test]
fn an_id_keeps_its_type_in_all_versions() {
    let first = document(json!([text("a"), text("b")]), json!([]));
    let second = document(json!([text("b")]), json!([]));
    let history = History::after(Some(&History::after(None, &first)), &second);

    let email = json!({"id": "a", "type": "email", "label": "?"});
    let third = document_json(json!([email, text("b")]), json!([]));
    assert_eq!(problems(&third, Some(&history)), [("/elements/0/type".to_owned(), "type_changed")]);
    assert_eq!(problems(&document_json(json!([text("a"), text("c")]), json!([])), Some(&history)), []);
}

#[test]
fn a_history_that_no_record_can_hold_is_refused() {
    let version = |number: usize| {
        let choices: Vec<String> =
            (0..200).map(|choice| format!("{}-{number}-{choice}", "c".repeat(40))).collect();
        let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
        document_json(json!([choice("a", &choices)]), json!([]))
    };
    let mut history = None;
    let mut found = Vec::new();
    for number in 0..100 {
        found = problems(&version(number), history.as_ref());
        if !found.is_empty() {
            break;
        }
        let document = check_definition_value(&version(number), history.as_ref()).expect("right");
        history = Some(History::after(history.as_ref(), &document));
    }
    assert_eq!(found, [(String::new(), "too_much_history")]);
    assert!(history.is_some());
}

#[test]
fn searches_in_texts_are_limited() {
    let search = json!({"element": "a", "is": "contains", "value": "x"});
    let rules = |count: usize| -> Value {
        (0..count).map(|_| json!({"from": "a", "when": {"any": [search]}, "goTo": "end"})).collect()
    };
    expect(&document_json(json!([text("a")]), rules(50)), &[]);
    expect(&document_json(json!([text("a")]), rules(51)), &[("/logic", "too_many")]);
}

#[test]
fn the_examples_are_right_and_of_a_real_size() {
    for (name, document) in examples() {
        assert!((12..=20).contains(&document.elements.len()), "{name}");
        assert!(!document.logic.is_empty() && !document.results.is_empty(), "{name}");
    }
}

#[test]
fn the_strict_reading_and_the_log_agree() {
    for (name, document) in examples() {
        let text = serde_json::to_string(&document).expect("a document is JSON");
        let read: QuizDocument = serde_json::from_str(&text).expect(name);
        assert_eq!(read, document, "{name}");
        assert_eq!(check_definition(text.as_bytes(), None).expect(name), document, "{name}");
    }
}

#[test]
fn the_log_of_a_newer_build_can_be_read() {
    let mut newer =
        document_json(json!([{"id": "a", "type": "telepathy", "label": "?", "mood": 1}]), json!([]));
    newer["theme"] = json!({"color": "red"});
    newer["logic"] = json!([{"from": "a", "when": {"none": []}, "goTo": "end", "delay": 5}]);
    let document: QuizDocument = serde_json::from_value(newer).expect("unknown fields are passed over");
    assert_eq!(document.elements[0].element_type, "telepathy");
}
