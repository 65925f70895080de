//! The way through a quiz, the score and the result.

use serde_json::{Map, Value};

use super::conditions::holds;

pub(super) struct Outcome<'q> {
    pub(super) score: i64,
    pub(super) result: Option<&'q Value>,
}

/// Only what the answers lead through counts.
pub(super) fn outcome<'q>(document: &'q Value, answers: &Map<String, Value>) -> Outcome<'q> {
    let mut score = 0;
    for element in shown(document, answers) {
        let Some(answer) = element["id"].as_str().and_then(|id| answers.get(id)) else { continue };
        score += score_of(element, answer);
    }
    let holds_score = |result: &&Value| {
        let (min, max) = (result["minScore"].as_i64(), result["maxScore"].as_i64());
        min.is_some_and(|min| min <= score) && max.is_some_and(|max| score <= max)
    };
    Outcome { score, result: document["results"].as_array().into_iter().flatten().find(holds_score) }
}

fn shown<'q>(document: &'q Value, answers: &Map<String, Value>) -> Vec<&'q Value> {
    let elements = document["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_element = |id: &str| elements.iter().position(|element| element["id"] == id);
    let mut way: Vec<usize> = Vec::new();
    let mut next = if elements.is_empty() { None } else { Some(0) };
    while let Some(place) = next {
        // A loop shows nothing new.
        if way.contains(&place) {
            break;
        }
        way.push(place);
        next = if place + 1 < elements.len() { Some(place + 1) } else { None };
        for rule in document["logic"].as_array().into_iter().flatten() {
            let target = rule["goTo"].as_str().unwrap_or_default();
            let leads_nowhere = target != "end" && is_element(target).is_none();
            if rule["from"] != elements[place]["id"] || leads_nowhere {
                continue;
            }
            let applies = rule["when"].is_null() || holds(&rule["when"], "element", &|id| answers.get(id));
            if applies {
                next = is_element(target);
                break;
            }
        }
    }
    way.into_iter().map(|place| &elements[place]).collect()
}

fn score_of(element: &Value, answer: &Value) -> i64 {
    if let Some(is_yes) = answer.as_bool() {
        // Only a yes_no has these.
        let name = if is_yes { "yesScore" } else { "noScore" };
        return element["properties"][name].as_i64().unwrap_or(0);
    }
    let mut score = 0;
    for choice in element["choices"].as_array().into_iter().flatten() {
        let is_chosen = match answer {
            Value::String(chosen) => choice["id"] == *chosen,
            Value::Array(chosen) => chosen.contains(&choice["id"]),
            _ => false,
        };
        if is_chosen {
            score += choice["score"].as_i64().unwrap_or(0);
        }
    }
    score
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_left_again_does_not_count() {
        let document = json!({
            "elements": [
                { "id": "a", "type": "single_choice", "choices": [{ "id": "x", "score": 5 }, { "id": "y", "score": 1 }] },
                { "id": "b", "type": "multiple_choice", "choices": [{ "id": "x", "score": 10 }, { "id": "y", "score": 20 }] },
                { "id": "c", "type": "yes_no", "properties": { "yesScore": 100, "noScore": -1 } },
            ],
            "logic": [{ "from": "a", "when": { "element": "a", "is": "equals", "value": "x" }, "goTo": "c" }],
            "results": [{ "id": "low", "minScore": 0, "maxScore": 50 }, { "id": "high", "minScore": 51, "maxScore": 1000 }],
        });
        let of = |answers: Value| {
            let outcome = outcome(&document, answers.as_object().unwrap());
            (outcome.score, outcome.result.map(|result| result["id"].clone()))
        };
        assert_eq!(of(json!({ "a": "x", "b": ["x", "y"], "c": true })), (105, Some(json!("high"))));
        assert_eq!(of(json!({ "a": "y", "b": ["y", "y"], "c": false })), (20, Some(json!("low"))));
        assert_eq!(of(json!({ "c": false })), (-1, None));
    }
}
