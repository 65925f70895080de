use std::collections::BTreeMap;

use serde_json::Value;

use super::{MAX_STEPS, condition, step};
use crate::campaign::strangers_text::MAX_VARIABLE_CHARS;
use crate::campaign::{Audience, CampaignDocument, Channel, FrequencyCapRule, QuietHoursRule, Step};
use crate::checking::{Fields, Problems};
use crate::elements::checks::time::parse_time;
use crate::events::CampaignState;
use crate::ids::check_name;
use crate::json::pointer_segment;

const FIELDS: [&str; 13] = [
    "accountId",
    "quizId",
    "name",
    "channel",
    "audience",
    "state",
    "activeFrom",
    "when",
    "steps",
    "senderPool",
    "quietHours",
    "frequencyCap",
    "defaults",
];
/// The most defaults of a campaign.
const MAX_DEFAULTS: usize = 300;
/// The last millisecond of the year 9999.
const MAX_MOMENT: i64 = 253_402_300_799_999;
pub(super) const BAD_ID: &str = "expected 1 to 64 of a-z, 0-9, _ and -";

/// The typed document, as far as it could be read. None when it is not even an object.
pub(super) fn read(value: &Value, problems: &mut Problems) -> Option<CampaignDocument> {
    let fields = Fields::of(value, "", &FIELDS, problems)?;
    Some(CampaignDocument {
        account_id: read_id(&fields, "accountId", problems),
        quiz_id: read_id(&fields, "quizId", problems),
        name: fields.text("name", 200, problems),
        channel: read_word(&fields, "channel", "unknown_channel", &Channel::ALL.map(Channel::name), problems),
        audience: read_word(
            &fields,
            "audience",
            "unknown_audience",
            &Audience::ALL.map(Audience::name),
            problems,
        ),
        state: read_word(&fields, "state", "unknown_state", &CampaignState::NAMES, problems),
        active_from: fields.optional_whole("activeFrom", 0, MAX_MOMENT, problems),
        when: condition::read(&fields, problems),
        steps: read_steps(&fields, problems),
        sender_pool: read_id(&fields, "senderPool", problems),
        quiet_hours: fields.get("quietHours").and_then(|value| read_quiet_hours(value, problems)),
        frequency_cap: fields.get("frequencyCap").and_then(|value| read_frequency_cap(value, problems)),
        defaults: fields.get("defaults").map(|value| read_defaults(value, problems)).unwrap_or_default(),
    })
}

/// An id that must be there; an empty text when it is not, or is none.
pub(super) fn read_id(fields: &Fields, name: &str, problems: &mut Problems) -> String {
    let id = fields.text(name, 64, problems);
    if id.is_empty() || check_name(&id).is_ok() {
        return id;
    }
    problems.add(fields.at(name), "bad_id", BAD_ID);
    String::new()
}

/// One of these words; an empty text when it is none of them.
fn read_word(
    fields: &Fields,
    name: &str,
    unknown: &'static str,
    words: &[&str],
    problems: &mut Problems,
) -> String {
    let word = fields.text(name, 64, problems);
    if word.is_empty() || words.contains(&word.as_str()) {
        return word;
    }
    problems.add(fields.at(name), unknown, format!("expected one of {}", words.join(", ")));
    String::new()
}

fn read_steps(fields: &Fields, problems: &mut Problems) -> Vec<Step> {
    let has_none = fields.get("steps").is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
    if has_none {
        problems.add("/steps", "missing", "a campaign needs one step at least");
    }
    let items = fields.list("steps", MAX_STEPS, problems);
    items.iter().map(|(pointer, item)| step::read(item, pointer, problems).unwrap_or_default()).collect()
}

fn read_quiet_hours(value: &Value, problems: &mut Problems) -> Option<QuietHoursRule> {
    let fields = Fields::of(value, "/quietHours", &["from", "to"], problems)?;
    let mut read_time = |name| {
        let text = fields.text(name, 64, problems);
        if !text.is_empty() && parse_time(&text).is_none() {
            problems.add(fields.at(name), "bad_time", "expected a time of day, HH:MM");
        }
        text
    };
    let rule = QuietHoursRule { from: read_time("from"), to: read_time("to") };
    if rule.from == rule.to && !rule.from.is_empty() {
        problems.add(fields.at("to"), "empty_range", "must not be the same as from");
    }
    Some(rule)
}

fn read_frequency_cap(value: &Value, problems: &mut Problems) -> Option<FrequencyCapRule> {
    let fields = Fields::of(value, "/frequencyCap", &["messages", "hours"], problems)?;
    let mut read_number = |name, max| {
        if !fields.has(name) {
            problems.add(fields.at(name), "missing", "this field is needed");
        }
        let number = fields.optional_whole(name, 1, max, problems)?;
        i32::try_from(number).ok()
    };
    let (messages, hours) = (read_number("messages", 100), read_number("hours", 720));
    Some(FrequencyCapRule { messages: messages?, hours: hours? })
}

fn read_defaults(value: &Value, problems: &mut Problems) -> BTreeMap<String, String> {
    let Value::Object(entries) = value else {
        problems.add("/defaults", "wrong_type", "expected an object");
        return BTreeMap::new();
    };
    if entries.len() > MAX_DEFAULTS {
        problems.add("/defaults", "too_many", format!("more than {MAX_DEFAULTS} entries"));
        return BTreeMap::new();
    }
    let mut defaults = BTreeMap::new();
    for (name, value) in entries {
        let pointer = format!("/defaults/{}", pointer_segment(name));
        match value.as_str() {
            None => problems.add(pointer, "wrong_type", "expected a text"),
            Some(text) if text.contains('\0') => {
                problems.add(pointer, "null_character", "U+0000 is not accepted");
            }
            Some(text) if text.chars().count() > MAX_VARIABLE_CHARS => {
                problems.add(pointer, "too_long", format!("more than {MAX_VARIABLE_CHARS} characters"));
            }
            Some(_) => {}
        }
        // Kept even if it is wrong, so that its name is checked too.
        defaults.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    defaults
}
