//! Conditions, of a quiz's logic and of campaigns: the same comparisons.

use std::cmp::Ordering;

use serde_json::Value;

/// Whether a condition holds; `value_of` gives what the test's subject (`element` or `variable`) says.
pub(super) fn holds<'v>(
    condition: &Value,
    subject: &str,
    value_of: &dyn Fn(&str) -> Option<&'v Value>,
) -> bool {
    if let Some(all) = condition["all"].as_array() {
        return all.iter().all(|condition| holds(condition, subject, value_of));
    }
    if let Some(any) = condition["any"].as_array() {
        return any.iter().any(|condition| holds(condition, subject, value_of));
    }
    let (Some(name), Some(operator)) = (condition[subject].as_str(), condition["is"].as_str()) else {
        return false;
    };
    test(value_of(name), operator, &condition["value"])
}

fn test(value: Option<&Value>, operator: &str, operand: &Value) -> bool {
    let Some(value) = value else { return matches!(operator, "not_equals" | "not_answered") };
    match operator {
        "answered" => true,
        "equals" => equals(value, operand),
        "not_equals" => !equals(value, operand),
        "contains" => contains(value, operand),
        "greater" => compare(value, operand) == Some(Ordering::Greater),
        "less" => compare(value, operand) == Some(Ordering::Less),
        _ => false,
    }
}

fn equals(value: &Value, operand: &Value) -> bool {
    if let (Some(value), Some(operand)) = (value.as_bool(), operand.as_bool()) {
        return value == operand;
    }
    compare(value, operand) == Some(Ordering::Equal)
}

/// A list contains an entry; a text contains a text, whatever its case.
fn contains(value: &Value, operand: &Value) -> bool {
    let Some(operand) = operand.as_str() else { return false };
    match value {
        Value::Array(entries) => entries.iter().any(|entry| entry.as_str() == Some(operand)),
        Value::String(text) => text.to_lowercase().contains(&operand.to_lowercase()),
        _ => false,
    }
}

fn compare(value: &Value, operand: &Value) -> Option<Ordering> {
    match (value, operand) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operator_on_each_kind_and_on_nothing() {
        let number = json!(7);
        let list = json!(["a", "b"]);
        let text = json!("Olá Mundo");
        let values = |name: &str| match name {
            "number" => Some(&number),
            "list" => Some(&list),
            "text" => Some(&text),
            _ => None,
        };
        for (variable, operator, value, expected) in [
            ("number", "equals", json!(7.0), true),
            ("number", "greater", json!(6.5), true),
            ("number", "less", json!(7), false),
            ("number", "equals", json!("7"), false),
            ("list", "contains", json!("b"), true),
            ("list", "contains", json!("B"), false),
            ("text", "contains", json!("mundo"), true),
            ("text", "not_equals", json!("x"), true),
            ("text", "no_such", json!("x"), false),
            ("absent", "not_equals", json!("x"), true),
            ("absent", "not_answered", Value::Null, true),
            ("absent", "less", json!(1), false),
            ("number", "answered", Value::Null, true),
            ("number", "not_answered", Value::Null, false),
        ] {
            let condition = json!({ "variable": variable, "is": operator, "value": value });
            assert_eq!(holds(&condition, "variable", &values), expected, "{condition}");
        }
        let both = json!({ "all": [{ "any": [{ "variable": "absent", "is": "answered" }, { "variable": "number", "is": "answered" }] }] });
        assert!(holds(&both, "variable", &values));
        assert!(!holds(&json!({ "unknown": 1 }), "variable", &values));
    }
}
