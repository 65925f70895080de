use serde_json::{Value, json};

use super::harness::{Admin, document, quiz_id, versions_in_log};

type Spoil = fn(&mut Value);

/// What is done to a good document, and the pointer and code that name it.
const CASES: &[(&str, Spoil, &str, &str)] = &[
    ("a list", |quiz| *quiz = json!([]), "", "wrong_type"),
    ("an unknown field", |quiz| quiz["colour"] = json!("red"), "/colour", "unknown_field"),
    ("no account", |quiz| drop(take(quiz, "accountId")), "/accountId", "missing"),
    ("a title that is a number", |quiz| quiz["title"] = json!(1), "/title", "wrong_type"),
    ("an empty title", |quiz| quiz["title"] = json!(" "), "/title", "empty"),
    ("a language that is none", |quiz| quiz["language"] = json!("portugues!"), "/language", "bad_language"),
    (
        "a time zone that is none",
        |quiz| quiz["timeZone"] = json!("Mars/Base"),
        "/timeZone",
        "unknown_time_zone",
    ),
    ("no elements", |quiz| quiz["elements"] = json!([]), "/elements", "missing"),
    (
        "an unknown type",
        |quiz| quiz["elements"][2]["type"] = json!("telepathy"),
        "/elements/2/type",
        "unknown_type",
    ),
    ("a duplicate id", |quiz| quiz["elements"][2]["id"] = json!("name"), "/elements/2/id", "duplicate_id"),
    ("an id with a blank", |quiz| quiz["elements"][0]["id"] = json!("a b"), "/elements/0/id", "bad_id"),
    ("a reserved id", |quiz| quiz["elements"][0]["id"] = json!("end"), "/elements/0/id", "reserved_id"),
    (
        "a question without a label",
        |quiz| drop(take(&mut quiz["elements"][0], "label")),
        "/elements/0/label",
        "missing",
    ),
    (
        "choices where none belong",
        |quiz| quiz["elements"][0]["choices"] = json!([{ "id": "a", "label": "A" }]),
        "/elements/0/choices",
        "no_choices_here",
    ),
    ("no choices", |quiz| quiz["elements"][1]["choices"] = json!([]), "/elements/1/choices", "missing"),
    (
        "a choice twice",
        |quiz| quiz["elements"][1]["choices"][1]["id"] = json!("less"),
        "/elements/1/choices/1/id",
        "duplicate_id",
    ),
    (
        "an unknown property",
        |quiz| quiz["elements"][0]["properties"] = json!({ "glow": true }),
        "/elements/0/properties/glow",
        "unknown_property",
    ),
    (
        "a jump to nowhere",
        |quiz| quiz["logic"] = json!([{ "from": "goal", "goTo": "nowhere" }]),
        "/logic/0/goTo",
        "jump_to_nowhere",
    ),
    (
        "a jump from nowhere",
        |quiz| quiz["logic"] = json!([{ "from": "nowhere", "goTo": "end" }]),
        "/logic/0/from",
        "unknown_element",
    ),
    (
        "an unknown choice in a rule",
        |quiz| quiz["logic"] = rule("goal", "equals", json!("more")),
        "/logic/0/when/value",
        "unknown_choice",
    ),
    (
        "an unknown comparison",
        |quiz| quiz["logic"] = rule("goal", "resembles", json!("less")),
        "/logic/0/when/is",
        "unknown_operator",
    ),
    (
        "a loop without an exit",
        |quiz| quiz["logic"] = json!([{ "from": "goal", "goTo": "name" }]),
        "/elements/0",
        "loop_without_exit",
    ),
    (
        "a hidden field twice",
        |quiz| quiz["hiddenFields"] = json!(["ref", "ref"]),
        "/hiddenFields/1",
        "duplicate_id",
    ),
    (
        "an empty score range",
        |quiz| quiz["results"] = json!([{ "id": "a", "title": "A", "minScore": 2, "maxScore": 1 }]),
        "/results/0/minScore",
        "empty_range",
    ),
];

fn take(value: &mut Value, name: &str) -> Option<Value> {
    value.as_object_mut().unwrap().remove(name)
}

fn rule(element: &str, comparison: &str, value: Value) -> Value {
    json!([{ "from": "goal", "when": { "element": element, "is": comparison, "value": value }, "goTo": "end" }])
}

#[tokio::test]
async fn each_thing_wrong_is_named_by_its_pointer_and_none_is_published() {
    let admin = Admin::start().await;
    let id = quiz_id("wrong");
    for (name, spoil, pointer, code) in CASES {
        let mut quiz = document("um");
        spoil(&mut quiz);
        let answer = admin.put(&id, &quiz, &[]).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid_definition"), "{name}");
        let errors = answer.body["errors"].as_array().unwrap();
        let is_named = errors.iter().any(|error| error["pointer"] == *pointer && error["code"] == *code);
        assert!(is_named, "{name}: {errors:?}");
        assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|detail| !detail.is_empty())));
    }
    assert!(versions_in_log(&id).await.is_empty());
}

#[tokio::test]
async fn all_things_wrong_are_named_at_once() {
    let admin = Admin::start().await;
    let id = quiz_id("many");
    let mut quiz = document("um");
    for (_, spoil, ..) in CASES.iter().filter(|(name, ..)| name.starts_with("an unknown ")) {
        spoil(&mut quiz);
    }
    let answer = admin.put(&id, &quiz, &[]).await;
    let mut pointers: Vec<&str> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/colour", "/elements/0/properties/glow", "/elements/2/type", "/logic/0/when/is"]);
    assert!(versions_in_log(&id).await.is_empty());
}
