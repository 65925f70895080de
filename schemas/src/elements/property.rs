use std::collections::HashSet;

use serde_json::{Map, Value};

use super::checks::date::parse_date;
use super::checks::phone::is_known_country;
use super::checks::time::parse_time;

/// One setting of an element type, as a marketer writes it under `properties`.
#[derive(Debug)]
pub struct Property {
    /// In camel case, as everything that a marketer writes.
    pub name: &'static str,
    pub kind: PropertyKind,
    pub required: bool,
    pub default: DefaultValue,
    /// Never shown to quiz takers: left out of the public view.
    pub private: bool,
    /// What it is for, in one line.
    pub summary: &'static str,
}

/// What a property's value may be.
#[derive(Debug, Clone, Copy)]
pub enum PropertyKind {
    Flag,
    Whole {
        min: i64,
        max: i64,
    },
    /// A finite number of magnitude up to [`MAX_DECIMAL`].
    Decimal,
    /// A number above zero.
    PositiveDecimal,
    Text {
        max_chars: usize,
    },
    OneOf(&'static [&'static str]),
    /// An https address.
    Url,
    /// YYYY-MM-DD.
    Date,
    /// HH:MM.
    Time,
    /// ISO 3166-1 alpha-2, in capitals.
    Country,
    /// A list of `{"id", "label"}`, one at least, with distinct ids.
    Options {
        max_items: usize,
    },
    /// A list of texts, one at least.
    Texts {
        max_items: usize,
        max_chars: usize,
    },
    /// A list of `{"title", "text"}`, one at least.
    Sections {
        max_items: usize,
    },
}

/// The value that holds when a property is left out.
#[derive(Debug, Clone, Copy)]
pub enum DefaultValue {
    /// None: without the property there is no such limit or text.
    Absent,
    Flag(bool),
    Whole(i64),
    Decimal(f64),
    Text(&'static str),
}

/// Numbers in properties are at most this large in magnitude.
pub(crate) const MAX_DECIMAL: f64 = 1e12;
/// Labels of options and titles of sections, in characters.
pub(crate) const MAX_LABEL_CHARS: usize = 300;
/// Texts of sections, in characters.
pub(crate) const MAX_SECTION_CHARS: usize = 2_000;
/// Addresses, in characters.
pub(crate) const MAX_URL_CHARS: usize = 2_048;

/// What is wrong with a property's value, with the pointer below the property ("" for itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyProblem {
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

impl Property {
    pub const fn new(name: &'static str, kind: PropertyKind, summary: &'static str) -> Self {
        Self { name, kind, required: false, default: DefaultValue::Absent, private: false, summary }
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn private(mut self) -> Self {
        self.private = true;
        self
    }

    pub const fn or(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }
}

impl PropertyKind {
    /// Everything that is wrong with a value of this kind.
    pub fn problems_of(self, value: &Value) -> Vec<PropertyProblem> {
        let complaint = match self {
            Self::Flag => value.as_bool().is_none().then(|| wrong_type("true or false")),
            Self::Whole { min, max } => check_whole(value, min, max),
            Self::Decimal => check_decimal(value, -MAX_DECIMAL),
            Self::PositiveDecimal => check_decimal(value, f64::MIN_POSITIVE),
            Self::Text { max_chars } => check_text(value, max_chars),
            Self::OneOf(words) => check_word(value, words),
            Self::Url => check_url(value),
            Self::Date => {
                check_form(value, "a date that exists, YYYY-MM-DD", |text| parse_date(text).is_some())
            }
            Self::Time => check_form(value, "a time of day, HH:MM", |text| parse_time(text).is_some()),
            Self::Country => check_form(value, "a country, ISO 3166-1 alpha-2 in capitals", is_known_country),
            Self::Options { max_items } => {
                return check_list(value, max_items, |item, pointer| {
                    check_pair(item, pointer, ("id", 64), ("label", MAX_LABEL_CHARS))
                })
                .into_iter()
                .chain(option_id_problems(value))
                .collect();
            }
            Self::Texts { max_items, max_chars } => {
                return check_list(value, max_items, |item, pointer| {
                    check_text(item, max_chars).map(|problem| problem.at(pointer)).into_iter().collect()
                });
            }
            Self::Sections { max_items } => {
                return check_list(value, max_items, |item, pointer| {
                    check_pair(item, pointer, ("title", MAX_LABEL_CHARS), ("text", MAX_SECTION_CHARS))
                });
            }
        };
        complaint.into_iter().collect()
    }

    /// The words of the reference page.
    pub fn describe(self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole { min, max } => format!("whole number, {min} to {max}"),
            Self::Decimal => "number".to_owned(),
            Self::PositiveDecimal => "number above 0".to_owned(),
            Self::Text { max_chars } => format!("text, up to {max_chars} characters"),
            Self::OneOf(words) => format!("one of `{}`", words.join("`, `")),
            Self::Url => "https address".to_owned(),
            Self::Date => "date, YYYY-MM-DD".to_owned(),
            Self::Time => "time, HH:MM".to_owned(),
            Self::Country => "country, ISO 3166-1 alpha-2".to_owned(),
            Self::Options { max_items } => format!("list of `{{id, label}}`, 1 to {max_items}"),
            Self::Texts { max_items, .. } => format!("list of texts, 1 to {max_items}"),
            Self::Sections { max_items } => format!("list of `{{title, text}}`, 1 to {max_items}"),
        }
    }
}

impl PropertyProblem {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: String::new(), code, detail: detail.into() }
    }

    fn at(mut self, pointer: &str) -> Self {
        self.pointer = format!("{pointer}{}", self.pointer);
        self
    }
}

/// Syntax of the ids that marketers give: `[a-z0-9_-]{1,64}`.
pub fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// An https address of bounded length without spaces, quotes or control characters. Where it leads is
/// not looked up.
pub fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..host_end];
    let clean = |character: char| {
        !character.is_whitespace() && !character.is_control() && !"\"'<>\\`".contains(character)
    };
    text.chars().count() <= MAX_URL_CHARS
        && host.contains('.')
        && !host.contains('@')
        && text.chars().all(clean)
}

fn wrong_type(expected: &str) -> PropertyProblem {
    PropertyProblem::new("wrong_type", format!("expected {expected}"))
}

fn check_whole(value: &Value, min: i64, max: i64) -> Option<PropertyProblem> {
    match value.as_i64() {
        None => Some(wrong_type("a whole number")),
        Some(number) if number < min || number > max => {
            Some(PropertyProblem::new("out_of_range", format!("expected {min} to {max}")))
        }
        Some(_) => None,
    }
}

fn check_decimal(value: &Value, min: f64) -> Option<PropertyProblem> {
    match value.as_f64() {
        None => Some(wrong_type("a number")),
        Some(number) if number < min || number > MAX_DECIMAL => {
            let expected = if min > 0.0 { "more than 0 and" } else { "a magnitude of" };
            Some(PropertyProblem::new("out_of_range", format!("expected {expected} at most {MAX_DECIMAL:e}")))
        }
        Some(_) => None,
    }
}

fn check_text(value: &Value, max_chars: usize) -> Option<PropertyProblem> {
    let Some(text) = value.as_str() else { return Some(wrong_type("a text")) };
    if text.contains('\0') {
        return Some(PropertyProblem::new("null_character", "U+0000 is not accepted"));
    }
    if text.chars().count() > max_chars {
        return Some(PropertyProblem::new("too_long", format!("more than {max_chars} characters")));
    }
    None
}

fn check_word(value: &Value, words: &[&str]) -> Option<PropertyProblem> {
    let Some(text) = value.as_str() else { return Some(wrong_type("a text")) };
    let known = words.contains(&text);
    (!known).then(|| PropertyProblem::new("unknown_value", format!("expected one of {}", words.join(", "))))
}

fn check_url(value: &Value) -> Option<PropertyProblem> {
    let Some(text) = value.as_str() else { return Some(wrong_type("an https address")) };
    (!is_https_url(text)).then(|| PropertyProblem::new("bad_url", "expected an https address"))
}

fn check_form(value: &Value, expected: &str, is_right: fn(&str) -> bool) -> Option<PropertyProblem> {
    let Some(text) = value.as_str() else { return Some(wrong_type(expected)) };
    (!is_right(text)).then(|| PropertyProblem::new("bad_value", format!("expected {expected}")))
}

fn check_list(
    value: &Value,
    max_items: usize,
    check_item: impl Fn(&Value, &str) -> Vec<PropertyProblem>,
) -> Vec<PropertyProblem> {
    let Some(items) = value.as_array() else { return vec![wrong_type("a list")] };
    if items.is_empty() || items.len() > max_items {
        return vec![PropertyProblem::new("out_of_range", format!("expected 1 to {max_items} entries"))];
    }
    let indexed = items.iter().enumerate();
    indexed.flat_map(|(index, item)| check_item(item, &format!("/{index}"))).collect()
}

/// An object of exactly two texts, each of 1 to so many characters.
fn check_pair(
    item: &Value,
    pointer: &str,
    first: (&str, usize),
    second: (&str, usize),
) -> Vec<PropertyProblem> {
    let Some(object) = item.as_object() else { return vec![wrong_type("an object").at(pointer)] };
    let mut problems: Vec<PropertyProblem> = unknown_fields(object, &[first.0, second.0])
        .map(|name| {
            let segment = crate::json::pointer_segment(name);
            PropertyProblem::new("unknown_field", "there is no such field")
                .at(&format!("{pointer}/{segment}"))
        })
        .collect();
    for (name, max_chars) in [first, second] {
        let complaint = match object.get(name) {
            None => Some(PropertyProblem::new("missing", "this field is needed")),
            Some(Value::String(text)) if text.is_empty() => {
                Some(PropertyProblem::new("empty", "must not be empty"))
            }
            Some(value) => check_text(value, max_chars),
        };
        problems.extend(complaint.map(|problem| problem.at(&format!("{pointer}/{name}"))));
    }
    problems
}

fn unknown_fields<'o>(object: &'o Map<String, Value>, known: &[&str]) -> impl Iterator<Item = &'o String> {
    object.keys().filter(move |name| !known.contains(&name.as_str()))
}

fn option_id_problems(value: &Value) -> Vec<PropertyProblem> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for (index, option) in value.as_array().into_iter().flatten().enumerate() {
        let Some(id) = option.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) else { continue };
        let pointer = format!("/{index}/id");
        if !is_id(id) {
            problems
                .push(PropertyProblem::new("bad_id", "expected 1 to 64 of a-z, 0-9, _ and -").at(&pointer));
        }
        if !seen.insert(id) {
            problems
                .push(PropertyProblem::new("duplicate_id", "this id stands twice in the list").at(&pointer));
        }
    }
    problems
}
