use serde_json::Value;

/// Whether an event may be folded at all; otherwise it is a dead letter.
pub(super) fn keeps_contract(event: &Value) -> bool {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let times = ["received_at", "last_seen_at", "abandoned_at"];
    let visitor_is_right = event["visitor_id"].is_null() || is_uuid_v7(text("visitor_id"));
    is_uuid_v7(text("response_id"))
        && visitor_is_right
        && is_name(text("quiz_id"))
        && is_name(text("account_id"))
        && times.iter().all(|name| event[*name].is_null() || is_moment(&event[*name]))
        && !holds_nul_or_no_number(event)
}

fn is_uuid_v7(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_plain && bytes[14] == b'7' && matches!(bytes[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b')
}

fn is_name(text: &str) -> bool {
    let is_allowed = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_');
    (1..=64).contains(&text.len()) && text.chars().all(is_allowed)
}

fn is_moment(value: &Value) -> bool {
    value.as_i64().is_some_and(|millis| chrono::DateTime::from_timestamp_millis(millis).is_some())
}

/// JSON has no NaN: an answer that is none was read as null. Other nulls stand for absent fields.
fn holds_nul_or_no_number(event: &Value) -> bool {
    let answers = event["answers"].as_object();
    answers.is_some_and(|answers| answers.values().any(Value::is_null)) || holds_nul(event)
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
