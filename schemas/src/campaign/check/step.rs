use serde_json::Value;

use super::document::read_id;
use crate::campaign::{MessageTemplate, ProviderTemplateRule, Step};
use crate::checking::{Fields, Problems};

const FIELDS: [&str; 4] = ["id", "delaySeconds", "maxLateSeconds", "template"];
const TEMPLATE_FIELDS: [&str; 4] = ["subject", "text", "html", "providerTemplate"];
const DAY_SECONDS: i64 = 24 * 3_600;
const MAX_DELAY_SECONDS: i64 = 30 * DAY_SECONDS;
const MIN_LATE_SECONDS: i64 = 60;
const MAX_LATE_SECONDS: i64 = 7 * DAY_SECONDS;
/// No template is longer than the document may be.
const MAX_SOURCE_CHARS: usize = super::MAX_CAMPAIGN_BYTES;
/// The most parameters of a provider's template.
const MAX_PARAMETERS: usize = 20;

pub(super) fn read(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Step> {
    let fields = Fields::of(value, pointer, &FIELDS, problems)?;
    if !fields.has("template") {
        problems.add(fields.at("template"), "missing", "this field is needed");
    }
    let template =
        fields.get("template").and_then(|value| read_template(value, &fields.at("template"), problems));
    Some(Step {
        id: read_id(&fields, "id", problems),
        delay_seconds: fields.optional_whole("delaySeconds", 0, MAX_DELAY_SECONDS, problems).unwrap_or(0),
        max_late_seconds: fields.optional_whole(
            "maxLateSeconds",
            MIN_LATE_SECONDS,
            MAX_LATE_SECONDS,
            problems,
        ),
        template: template.unwrap_or_default(),
    })
}

fn read_template(value: &Value, pointer: &str, problems: &mut Problems) -> Option<MessageTemplate> {
    let fields = Fields::of(value, pointer, &TEMPLATE_FIELDS, problems)?;
    // There, but blank or of another type, it is a problem and an empty text.
    let mut read_text = |name| fields.has(name).then(|| fields.text(name, MAX_SOURCE_CHARS, problems));
    let (subject, text, html) = (read_text("subject"), read_text("text"), read_text("html"));
    let at = fields.at("providerTemplate");
    let provider_template = fields
        .get("providerTemplate")
        .map(|value| read_provider_template(value, &at, problems).unwrap_or_default());
    Some(MessageTemplate { subject, text, html, provider_template })
}

fn read_provider_template(
    value: &Value,
    pointer: &str,
    problems: &mut Problems,
) -> Option<ProviderTemplateRule> {
    let fields = Fields::of(value, pointer, &["name", "language", "parameters"], problems)?;
    let name = fields.text("name", 512, problems);
    let is_name_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !name.bytes().all(is_name_byte) {
        problems.add(fields.at("name"), "bad_name", "expected a-z, 0-9 and _");
    }
    let language = fields.text("language", 16, problems);
    if !language.is_empty() && !is_language(&language) {
        problems.add(
            fields.at("language"),
            "bad_language",
            "expected a language as the provider writes it, pt_BR",
        );
    }
    let mut parameters = Vec::new();
    for (pointer, item) in fields.list("parameters", MAX_PARAMETERS, problems) {
        match item.as_str() {
            None => problems.add(pointer, "wrong_type", "expected a text"),
            Some(text) if text.contains('\0') => {
                problems.add(pointer, "null_character", "U+0000 is not accepted");
            }
            Some(text) if text.trim().is_empty() => problems.add(pointer, "empty", "must not be empty"),
            Some(_) => {}
        }
        // A place for each, so that places and pointers agree.
        parameters.push(item.as_str().unwrap_or_default().to_owned());
    }
    Some(ProviderTemplateRule { name, language, parameters })
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split(['_', '-']);
    let language = parts.next().unwrap_or_default();
    let is_part =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(is_part)
}
