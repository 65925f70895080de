use std::collections::BTreeSet;

use serde_json::{Map, Value};
use vendzz_schemas::definition::CompiledQuiz;
use vendzz_schemas::events::ElementSeen;

use super::fields::Fields;

/// A way through a quiz has at most so many elements; a quiz has no more.
const MAX_ELEMENTS: usize = 200;
/// One element is shown for a day at most; milliseconds.
const MAX_MILLIS: i64 = 86_400_000;

/// The way of a response so far, as a progress beacon and a submission carry it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// From the first element to the one that is shown now, each once.
    pub(super) elements: Vec<ElementSeen>,
    /// How many of them, from the first on, stood in beacons sent before.
    pub(super) reported: i32,
}

impl Way {
    /// Takes `elements` and `reported`, both of which may be absent. Of a way with anything wrong nothing is
    /// of use: `fields` says what.
    pub(super) fn take(fields: &mut Fields, quiz: &CompiledQuiz) -> Self {
        let items = fields.list("elements").unwrap_or_default();
        let count = items.len();
        let elements = elements(fields, quiz, items);
        let reported = fields.count("reported").unwrap_or(0);
        match i32::try_from(reported) {
            Ok(reported) if reported.unsigned_abs() as usize <= count => Self { elements, reported },
            _ => {
                let detail = format!("must be 0 to the number of elements, {count}");
                fields.wrong("reported", "out_of_range", detail);
                Self::default()
            }
        }
    }
}

fn elements(fields: &mut Fields, quiz: &CompiledQuiz, items: Vec<Value>) -> Vec<ElementSeen> {
    if items.len() > MAX_ELEMENTS {
        fields.wrong("elements", "too_many", format!("at most {MAX_ELEMENTS} elements"));
        return Vec::new();
    }
    let mut ids = BTreeSet::new();
    let mut elements = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        let Value::Object(mut item) = item else {
            fields.wrong(&format!("elements/{place}"), "wrong_type", "must be an object with id and millis");
            continue;
        };
        let element_id = element_id(fields, quiz, place, &mut item);
        let millis = millis(fields, place, &item);
        let Some(element_id) = element_id else { continue };
        if !ids.insert(element_id.clone()) {
            fields.wrong(&format!("elements/{place}/id"), "duplicate_id", "this element stands here already");
        }
        if let Some(millis) = millis {
            elements.push(ElementSeen { element_id, millis });
        }
    }
    elements
}

/// The id of an element that the quiz has, or once had.
fn element_id(
    fields: &mut Fields,
    quiz: &CompiledQuiz,
    place: usize,
    item: &mut Map<String, Value>,
) -> Option<String> {
    let (code, detail) = match item.remove("id") {
        Some(Value::String(id)) if quiz.has_element(&id) => return Some(id),
        Some(Value::String(_)) => ("unknown_element", "no version of this quiz has such an element"),
        None | Some(Value::Null) => ("required", "must be there"),
        Some(_) => ("wrong_type", "must be a text"),
    };
    fields.wrong(&format!("elements/{place}/id"), code, detail);
    None
}

fn millis(fields: &mut Fields, place: usize, item: &Map<String, Value>) -> Option<i64> {
    let (code, detail) = match item.get("millis") {
        Some(Value::Number(number)) => match number.as_i64() {
            Some(millis) if (0..=MAX_MILLIS).contains(&millis) => return Some(millis),
            _ => ("out_of_range", "must be a whole number of milliseconds, 0 to 86400000"),
        },
        None | Some(Value::Null) => ("required", "must be there"),
        Some(_) => ("wrong_type", "must be a whole number"),
    };
    fields.wrong(&format!("elements/{place}/millis"), code, detail);
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vendzz_schemas::definition::QuizDocument;
    use vendzz_schemas::events::RetiredElement;

    use super::*;

    fn quiz() -> CompiledQuiz {
        let document: QuizDocument = serde_json::from_value(json!({
            "accountId": "a", "title": "T", "language": "pt-BR", "timeZone": "America/Sao_Paulo",
            "elements": [
                {"id": "intro", "type": "heading", "properties": {"text": "Olá"}},
                {"id": "nome", "type": "name", "label": "Nome"},
            ],
        }))
        .unwrap();
        let retired = RetiredElement {
            element_id: "former".into(),
            element_type: "short_text".into(),
            choices: vec![],
        };
        CompiledQuiz::new(&document, &[retired])
    }

    fn take(body: Value) -> Result<Way, Vec<(String, &'static str)>> {
        let mut fields = Fields::read(body.to_string().as_bytes()).ok().unwrap();
        let way = Way::take(&mut fields, &quiz());
        match fields.finish() {
            Ok(()) => Ok(way),
            Err(problem) => {
                Err(problem.errors.into_iter().map(|error| (error.pointer, error.code)).collect())
            }
        }
    }

    #[test]
    fn a_way_is_taken_in_its_order_with_content_and_former_elements() {
        let sent = json!([
            {"id": "former", "millis": 0}, {"id": "intro", "millis": 86_400_000}, {"id": "nome", "millis": 7, "other": 1},
        ]);
        let way = take(json!({ "elements": sent, "reported": 3 })).unwrap();
        let seen: Vec<_> = way.elements.iter().map(|seen| (seen.element_id.as_str(), seen.millis)).collect();
        assert_eq!(seen, [("former", 0), ("intro", 86_400_000), ("nome", 7)]);
        assert_eq!(way.reported, 3);
        for nothing in [json!({}), json!({"elements": null, "reported": null}), json!({"elements": []})] {
            assert_eq!(take(nothing), Ok(Way::default()));
        }
    }

    #[test]
    fn everything_wrong_with_a_way_is_named_by_its_place() {
        let sent = json!([
            {"id": "nobody", "millis": -1}, {"id": "nome", "millis": 86_400_001}, {"id": "nome", "millis": 1},
            {"id": "nome", "millis": 1.5}, "intro", {"id": 7, "millis": "1"}, {}, {"id": "nome", "millis": 2},
        ]);
        let found = take(json!({ "elements": sent, "reported": 9 })).unwrap_err();
        let found: Vec<_> = found.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
        assert_eq!(
            found,
            [
                ("/elements/0/id", "unknown_element"),
                ("/elements/0/millis", "out_of_range"),
                ("/elements/1/millis", "out_of_range"),
                ("/elements/2/id", "duplicate_id"),
                ("/elements/3/millis", "out_of_range"),
                ("/elements/3/id", "duplicate_id"),
                ("/elements/4", "wrong_type"),
                ("/elements/5/id", "wrong_type"),
                ("/elements/5/millis", "wrong_type"),
                ("/elements/6/id", "required"),
                ("/elements/6/millis", "required"),
                ("/elements/7/id", "duplicate_id"),
                ("/reported", "out_of_range"),
            ]
        );
    }

    #[test]
    fn a_way_is_bounded() {
        let long = vec![json!({"id": "nome", "millis": 1}); 201];
        let found = take(json!({ "elements": long, "reported": i64::MAX })).unwrap_err();
        let expected = [("/elements".to_owned(), "too_many"), ("/reported".to_owned(), "out_of_range")];
        assert_eq!(found, expected);
        let all_wrong = vec![json!({}); 200];
        assert_eq!(take(json!({ "elements": all_wrong })).unwrap_err().len(), 50);
        assert_eq!(take(json!({ "reported": 1 })).unwrap_err()[0].1, "out_of_range");
    }
}
