use std::collections::HashSet;

use serde_json::{Map, Value};

use super::MAX_CHOICES;
use crate::checking::{Fields, Problems};
use crate::definition::{Choice, Element, History, QuizDocument, TARGET_END};
use crate::elements::{ChoiceUse, ElementType, Settings, find, is_https_url, is_id};
use crate::json::pointer_segment;

const FIELDS: [&str; 6] = ["id", "type", "label", "required", "properties", "choices"];
const CHOICE_FIELDS: [&str; 4] = ["id", "label", "score", "image"];
/// A choice's score in magnitude: the sum over a quiz stays far within 64 bits.
const MAX_SCORE: i64 = 1_000_000;
const BAD_ID: &str = "expected 1 to 64 of a-z, 0-9, _ and -";

pub(super) fn read(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Element> {
    let fields = Fields::of(value, pointer, &FIELDS, problems)?;
    let type_name = fields.text("type", 64, problems);
    let element_type = find(&type_name);
    if element_type.is_none() && !type_name.is_empty() {
        problems.add(fields.at("type"), "unknown_type", "there is no such element type");
    }
    let is_input = element_type.is_some_and(ElementType::is_input);
    let element = Element {
        id: read_id(&fields, problems),
        element_type: type_name,
        label: read_label(&fields, is_input, problems),
        required: fields.flag("required", problems),
        properties: read_properties(&fields, element_type, problems),
        choices: read_choices(&fields, element_type, problems),
    };
    if element.required && element_type.is_some() && !is_input {
        problems.add(fields.at("required"), "not_a_question", "content takes no answer");
    }
    if let Some(element_type) = element_type {
        check_ranges(&Settings::new(element_type, &element), &fields, problems);
    }
    Some(element)
}

/// What can be seen only beside the other elements and the former versions: ids.
pub(super) fn check_ids(document: &QuizDocument, previous: Option<&History>, problems: &mut Problems) {
    let mut seen = HashSet::new();
    for (place, element) in document.elements.iter().enumerate() {
        if element.id.is_empty() {
            continue;
        }
        if !seen.insert(element.id.as_str()) {
            problems.add(format!("/elements/{place}/id"), "duplicate_id", "another element has this id");
        }
        let former_type = previous.and_then(|history| history.type_of(&element.id));
        if let Some(former_type) = former_type
            && !element.element_type.is_empty()
            && former_type != element.element_type
        {
            let detail = format!("an element of this id was of type {former_type} in a former version");
            problems.add(format!("/elements/{place}/type"), "type_changed", detail);
        }
    }
}

fn read_id(fields: &Fields, problems: &mut Problems) -> String {
    let id = fields.text("id", 64, problems);
    if !id.is_empty() && !is_id(&id) {
        problems.add(fields.at("id"), "bad_id", BAD_ID);
    }
    if id == TARGET_END {
        problems.add(fields.at("id"), "reserved_id", "\"end\" means the end of the quiz");
    }
    id
}

fn read_label(fields: &Fields, is_input: bool, problems: &mut Problems) -> String {
    if is_input {
        return fields.text("label", 500, problems);
    }
    fields.optional_text("label", 500, problems).unwrap_or_default()
}

fn read_properties(
    fields: &Fields,
    element_type: Option<&ElementType>,
    problems: &mut Problems,
) -> Map<String, Value> {
    let empty = Map::new();
    let properties = match fields.get("properties") {
        None => &empty,
        Some(Value::Object(properties)) => properties,
        Some(_) => {
            problems.add(fields.at("properties"), "wrong_type", "expected an object");
            return empty;
        }
    };
    // Without a type nothing can be said about them.
    let Some(element_type) = element_type else { return properties.clone() };
    let at = fields.at("properties");
    for (name, value) in properties {
        let pointer = format!("{at}/{}", pointer_segment(name));
        let Some(property) = element_type.property(name) else {
            problems.add(pointer, "unknown_property", format!("{} has no such property", element_type.name));
            continue;
        };
        for problem in property.kind.problems_of(value) {
            problems.add(format!("{pointer}{}", problem.pointer), problem.code, problem.detail);
        }
    }
    for property in element_type.all_properties().filter(|property| property.required) {
        if !properties.contains_key(property.name) {
            let detail = format!("{} needs this property", element_type.name);
            problems.add(format!("{at}/{}", property.name), "missing_property", detail);
        }
    }
    properties.clone()
}

fn read_choices(fields: &Fields, element_type: Option<&ElementType>, problems: &mut Problems) -> Vec<Choice> {
    let choice_use = element_type.map(|element_type| element_type.choices);
    let items = fields.list("choices", MAX_CHOICES, problems);
    match choice_use {
        Some(ChoiceUse::None) if !items.is_empty() => {
            problems.add(fields.at("choices"), "no_choices_here", "this element type has no choices");
        }
        Some(ChoiceUse::Needed | ChoiceUse::NeededWithImages) if items.is_empty() => {
            problems.add(fields.at("choices"), "missing", "this element type needs one choice at least");
        }
        _ => {}
    }
    let needs_image = choice_use == Some(ChoiceUse::NeededWithImages);
    let mut seen = HashSet::new();
    let mut choices = Vec::with_capacity(items.len());
    for (pointer, item) in items {
        let Some(choice) = read_choice(item, &pointer, needs_image, problems) else { continue };
        if !choice.id.is_empty() && !seen.insert(choice.id.clone()) {
            problems.add(
                format!("{pointer}/id"),
                "duplicate_id",
                "another choice of this element has this id",
            );
        }
        choices.push(choice);
    }
    choices
}

fn read_choice(value: &Value, pointer: &str, needs_image: bool, problems: &mut Problems) -> Option<Choice> {
    let fields = Fields::of(value, pointer, &CHOICE_FIELDS, problems)?;
    let id = fields.text("id", 64, problems);
    if !id.is_empty() && !is_id(&id) {
        problems.add(fields.at("id"), "bad_id", BAD_ID);
    }
    let image = fields.optional_text("image", 2_048, problems);
    if image.as_deref().is_some_and(|url| !is_https_url(url)) {
        problems.add(fields.at("image"), "bad_url", "expected an https address");
    }
    if needs_image && !fields.has("image") {
        problems.add(fields.at("image"), "missing", "each choice of this element type needs an image");
    }
    Some(Choice {
        id,
        label: fields.text("label", 300, problems),
        score: fields.optional_whole("score", -MAX_SCORE, MAX_SCORE, problems),
        image,
    })
}

/// Pairs of properties `minX` and `maxX` (or `min` and `max`) must leave room for an answer, and so must
/// the number of choices.
fn check_ranges(settings: &Settings, fields: &Fields, problems: &mut Problems) {
    for property in settings.element_type.properties {
        let Some(subject) = property.name.strip_prefix("min") else { continue };
        let max_name = format!("max{subject}");
        if settings.is_above(property.name, &max_name) {
            let detail = format!("must not be more than {max_name}");
            problems.add(format!("{}/{}", fields.at("properties"), property.name), "empty_range", detail);
        }
    }
    let offered = settings.choices().len() + usize::from(settings.flag("allowOther"));
    if settings.element_type.takes_choices() && settings.count("minChoices").is_some_and(|min| min > offered)
    {
        let detail = format!("only {offered} can be chosen");
        problems.add(format!("{}/minChoices", fields.at("properties")), "empty_range", detail);
    }
}
