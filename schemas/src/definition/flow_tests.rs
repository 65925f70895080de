use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::CompiledQuiz;
use crate::definition::testing::{choice, compiled, text};
use crate::events::AnswerValue;

fn shown(quiz: &CompiledQuiz, answers: Value) -> String {
    let answers: BTreeMap<String, AnswerValue> = serde_json::from_value(answers).expect("answers");
    quiz.shown(&answers).join(" ")
}

#[test]
fn the_first_rule_that_holds_leads_on() {
    let when = |value: &str| json!({"element": "a", "is": "equals", "value": value});
    let quiz = compiled(
        json!([choice("a", &["x", "y", "z"]), text("b"), text("c"), text("d")]),
        json!([
            {"from": "a", "when": when("x"), "goTo": "c"},
            {"from": "a", "when": {"any": [when("x"), when("y")]}, "goTo": "d"},
            {"from": "b", "goTo": "end"},
        ]),
    );
    assert_eq!(shown(&quiz, json!({"a": "x"})), "a c d");
    assert_eq!(shown(&quiz, json!({"a": "y"})), "a d");
    assert_eq!(shown(&quiz, json!({"a": "z"})), "a b");
    assert_eq!(shown(&quiz, json!({})), "a b");
}

#[test]
fn a_second_visit_ends_the_walk() {
    let quiz = compiled(
        json!([text("a"), text("b"), text("c")]),
        json!([{"from": "b", "when": {"element": "b", "is": "equals", "value": "again"}, "goTo": "a"}]),
    );
    assert_eq!(shown(&quiz, json!({"b": "again"})), "a b");
    assert_eq!(shown(&quiz, json!({"b": "on"})), "a b c");
}

#[test]
fn each_operator_compares_as_it_says() {
    let elements = json!([
        {"id": "text", "type": "short_text", "label": "?"},
        {"id": "number", "type": "number", "label": "?"},
        {"id": "whole", "type": "nps", "label": "?"},
        {"id": "yes", "type": "yes_no", "label": "?"},
        {"id": "date", "type": "date", "label": "?"},
        {"id": "many", "type": "multiple_choice", "label": "?", "choices": [{"id": "x", "label": "X"}, {"id": "y", "label": "Y"}]},
        {"id": "last", "type": "divider"},
    ]);
    let cases = [
        ("text", "equals", json!("Olá"), json!("Olá"), true),
        ("text", "equals", json!("Olá"), json!("olá"), false),
        ("text", "not_equals", json!("Olá"), json!("olá"), true),
        ("text", "contains", json!("AÇAÍ"), json!("quero açaí já"), true),
        ("text", "contains", json!("açaí"), json!("quero chá"), false),
        ("number", "equals", json!(2), json!(2.0), true),
        ("number", "greater", json!(2), json!(2.5), true),
        ("number", "greater", json!(2.5), json!(2.5), false),
        ("number", "less", json!(3), json!(2.5), true),
        ("whole", "less", json!(9.5), json!(9), true),
        ("whole", "equals", json!(9.0), json!(9), true),
        ("yes", "equals", json!(true), json!(true), true),
        ("yes", "equals", json!(true), json!(false), false),
        ("yes", "not_equals", json!(true), json!(false), true),
        ("date", "greater", json!("2024-02-29"), json!("2024-03-01"), true),
        ("date", "less", json!("2024-02-29"), json!("2024-03-01"), false),
        ("many", "contains", json!("x"), json!(["y", "x"]), true),
        ("many", "contains", json!("x"), json!(["y"]), false),
        ("many", "answered", json!(null), json!(["y"]), true),
        ("many", "not_answered", json!(null), json!(["y"]), false),
    ];
    for (element, is, value, answer, holds) in cases {
        let mut test = json!({"element": element, "is": is});
        if !value.is_null() {
            test["value"] = value;
        }
        let rules = json!([{"from": "text", "when": test, "goTo": "end"}]);
        let quiz = compiled(elements.clone(), rules);
        let ended = shown(&quiz, json!({element: answer})) == "text";
        assert_eq!(ended, holds, "{answer} {test}");
        let holds_without_answer = is == "not_equals" || is == "not_answered";
        assert_eq!(shown(&quiz, json!({})) == "text", holds_without_answer, "no answer, {test}");
    }
}

#[test]
fn a_condition_of_a_newer_build_never_holds() {
    let document = serde_json::from_value(json!({
        "accountId": "a", "title": "t", "language": "pt", "timeZone": "UTC",
        "elements": [text("a"), text("b")],
        "logic": [
            {"from": "a", "when": {"none": []}, "goTo": "end"},
            {"from": "a", "when": {"element": "a", "is": "sounds_like", "value": "x"}, "goTo": "end"},
            {"from": "a", "when": {"element": "z", "is": "not_answered"}, "goTo": "end"},
        ],
    }))
    .expect("a document");
    assert_eq!(shown(&CompiledQuiz::new(&document, &[]), json!({"a": "x"})), "a b");
}
