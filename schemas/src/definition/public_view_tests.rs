use serde_json::{Value, json};

use super::*;
use crate::definition::testing::{document, examples};
use crate::elements::CATALOGUE;

/// Every key anywhere in a value.
fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.push(key.clone());
                keys(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn nothing_private_is_in_the_view_of_the_examples() {
    let private = CATALOGUE.iter().flat_map(ElementType::all_properties).filter(|property| property.private);
    let mut never: Vec<&str> = private.map(|property| property.name).collect();
    never.extend(["accountId", "score", "minScore", "maxScore", "timeZone"]);
    assert!(never.contains(&"internalNote") && never.contains(&"yesScore"));
    for (name, document) in examples() {
        let view = public_view(&document, "quiz", 7);
        let mut found = Vec::new();
        keys(&view, &mut found);
        for key in &never {
            assert!(!found.iter().any(|found| found == key), "{key} in the view of {name}");
        }
        assert_eq!(view["version"], 7);
        assert_eq!(view["elements"].as_array().map(Vec::len), Some(document.elements.len()));
        let conta = document.account_id;
        assert!(!view.to_string().contains(&conta), "{name}");
    }
}

#[test]
fn what_a_page_needs_is_there() {
    let document = document(
        json!([
            {"id": "a", "type": "yes_no", "label": "A?", "required": true,
             "properties": {"yesLabel": "Claro", "yesScore": 3}},
            {"id": "b", "type": "single_choice", "label": "B?",
             "choices": [{"id": "x", "label": "X", "score": 2, "image": "https://cdn.example.com/x.png"}]},
        ]),
        json!([{"from": "a", "when": {"element": "a", "is": "equals", "value": true}, "goTo": "end"}]),
    );
    assert_eq!(
        public_view(&document, "q1", 3),
        json!({
            "quizId": "q1", "version": 3, "title": "Teste", "language": "pt-BR",
            "elements": [
                {"id": "a", "type": "yes_no", "label": "A?", "required": true, "properties": {"yesLabel": "Claro"}},
                {"id": "b", "type": "single_choice", "label": "B?",
                 "choices": [{"id": "x", "label": "X", "image": "https://cdn.example.com/x.png"}]},
            ],
            "logic": [{"from": "a", "when": {"element": "a", "is": "equals", "value": true}, "goTo": "end"}],
            "hiddenFields": [], "savePartialResponses": false, "results": [],
        })
    );
}

#[test]
fn of_an_unknown_type_no_property_is_shown() {
    let document: QuizDocument = serde_json::from_value(json!({
        "accountId": "a", "title": "t", "language": "pt", "timeZone": "UTC",
        "elements": [{"id": "x", "type": "telepathy", "label": "?", "properties": {"secret": 1}}],
    }))
    .expect("a document of a newer build");
    let view = public_view(&document, "q", 0);
    assert_eq!(view["elements"][0], json!({"id": "x", "type": "telepathy", "label": "?"}));
}
