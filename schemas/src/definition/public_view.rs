use serde_json::{Map, Value, json};

use super::{Choice, Element, QuizDocument, QuizResult};
use crate::elements::{ElementType, find};

/// What quiz takers may see of a version: no scores, no score ranges, no private properties, no account.
///
/// Of an element whose type this build does not know no property is shown, since any of them may be
/// private.
pub fn public_view(document: &QuizDocument, quiz_id: &str, version: i64) -> Value {
    json!({
        "quizId": quiz_id,
        "version": version,
        "title": document.title,
        "language": document.language,
        "elements": document.elements.iter().map(element).collect::<Vec<_>>(),
        "logic": document.logic,
        "hiddenFields": document.hidden_fields,
        "savePartialResponses": document.save_partial_responses,
        "results": document.results.iter().map(result).collect::<Vec<_>>(),
    })
}

fn element(element: &Element) -> Value {
    let mut view = Map::new();
    view.insert("id".to_owned(), json!(element.id));
    view.insert("type".to_owned(), json!(element.element_type));
    if !element.label.is_empty() {
        view.insert("label".to_owned(), json!(element.label));
    }
    if element.required {
        view.insert("required".to_owned(), json!(true));
    }
    let properties = public_properties(element, find(&element.element_type));
    if !properties.is_empty() {
        view.insert("properties".to_owned(), Value::Object(properties));
    }
    if !element.choices.is_empty() {
        view.insert("choices".to_owned(), element.choices.iter().map(choice).collect());
    }
    Value::Object(view)
}

fn public_properties(element: &Element, element_type: Option<&ElementType>) -> Map<String, Value> {
    let Some(element_type) = element_type else { return Map::new() };
    let is_public = |name: &str| element_type.property(name).is_some_and(|property| !property.private);
    let shown = element.properties.iter().filter(|(name, _)| is_public(name));
    shown.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn choice(choice: &Choice) -> Value {
    let mut view = Map::new();
    view.insert("id".to_owned(), json!(choice.id));
    view.insert("label".to_owned(), json!(choice.label));
    if let Some(image) = &choice.image {
        view.insert("image".to_owned(), json!(image));
    }
    Value::Object(view)
}

fn result(result: &QuizResult) -> Value {
    let mut view = Map::new();
    view.insert("id".to_owned(), json!(result.id));
    view.insert("title".to_owned(), json!(result.title));
    if let Some(description) = &result.description {
        view.insert("description".to_owned(), json!(description));
    }
    Value::Object(view)
}

#[cfg(test)]
#[path = "public_view_tests.rs"]
mod tests;
