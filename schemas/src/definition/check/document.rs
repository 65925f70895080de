use std::collections::HashSet;

use chrono_tz::Tz;
use serde_json::Value;

use super::{MAX_ELEMENTS, MAX_HIDDEN_FIELDS, MAX_RESULTS, MAX_RULES, element, logic, results};
use crate::checking::{Fields, Problems};
use crate::definition::QuizDocument;
use crate::ids::check_name;

const FIELDS: [&str; 9] = [
    "accountId",
    "title",
    "language",
    "timeZone",
    "elements",
    "logic",
    "hiddenFields",
    "savePartialResponses",
    "results",
];

/// The typed document, as far as it could be read. None when it is not even an object.
pub(super) fn read(value: &Value, problems: &mut Problems) -> Option<QuizDocument> {
    let fields = Fields::of(value, "", &FIELDS, problems)?;
    let account_id = fields.text("accountId", 64, problems);
    if !account_id.is_empty() && check_name(&account_id).is_err() {
        problems.add("/accountId", "bad_id", "expected 1 to 64 of a-z, 0-9, _ and -");
    }
    let language = fields.text("language", 35, problems);
    if !language.is_empty() && !is_language_tag(&language) {
        problems.add("/language", "bad_language", "expected a BCP 47 tag, pt-BR");
    }
    let time_zone = fields.text("timeZone", 64, problems);
    if !time_zone.is_empty() && time_zone.parse::<Tz>().is_err() {
        problems.add("/timeZone", "unknown_time_zone", "expected an IANA name, America/Sao_Paulo");
    }
    Some(QuizDocument {
        account_id,
        title: fields.text("title", 200, problems),
        language,
        time_zone,
        elements: read_elements(&fields, problems),
        logic: read_each(&fields, "logic", MAX_RULES, logic::read_rule, problems),
        hidden_fields: read_hidden_fields(&fields, problems),
        save_partial_responses: fields.flag("savePartialResponses", problems),
        results: read_each(&fields, "results", MAX_RESULTS, results::read, problems),
    })
}

fn read_elements(fields: &Fields, problems: &mut Problems) -> Vec<crate::definition::Element> {
    let has_none = fields.get("elements").is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
    if has_none {
        problems.add("/elements", "missing", "a quiz needs one element at least");
    }
    read_each(fields, "elements", MAX_ELEMENTS, element::read, problems)
}

/// A place in the result for each entry of the list, so that places and pointers agree: what cannot be
/// read at all becomes an empty value (and a problem).
fn read_each<T: Default>(
    fields: &Fields,
    name: &str,
    max_items: usize,
    read_one: fn(&Value, &str, &mut Problems) -> Option<T>,
    problems: &mut Problems,
) -> Vec<T> {
    let items = fields.list(name, max_items, problems);
    items.iter().map(|(pointer, item)| read_one(item, pointer, problems).unwrap_or_default()).collect()
}

fn read_hidden_fields(fields: &Fields, problems: &mut Problems) -> Vec<String> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    for (pointer, item) in fields.list("hiddenFields", MAX_HIDDEN_FIELDS, problems) {
        let Some(name) = item.as_str() else {
            problems.add(pointer, "wrong_type", "expected a text");
            continue;
        };
        if !is_parameter_name(name) {
            problems.add(&pointer, "bad_name", "expected 1 to 64 of a-z, A-Z, 0-9, _, . and -");
        }
        if !seen.insert(name) {
            problems.add(&pointer, "duplicate_id", "this hidden field stands twice in the list");
        }
        names.push(name.to_owned());
    }
    names
}

fn is_parameter_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The shape of RFC 5646: a language of 2 or 3 letters, then subtags of 1 to 8 letters or digits.
fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    is_language && subtags.all(is_subtag)
}
