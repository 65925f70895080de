use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;
use vendzz_schemas::events::{AnswerValue, QuizAbandoned, Utm};

/// A partial response whose time may be over, as it stands in the projection now.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(super) struct Candidate {
    /// `last_seen_at` as it was taken in; that of the projection may be later.
    pub(super) waiting_since: DateTime<Utc>,
    pub(super) response_id: Uuid,
    pub(super) quiz_id: String,
    pub(super) account_id: String,
    pub(super) visitor_id: Option<Uuid>,
    pub(super) version: i64,
    pub(super) sequence: i32,
    pub(super) last_seen_at: DateTime<Utc>,
    pub(super) elements_seen: i32,
    pub(super) last_element: String,
    pub(super) answers: Json<BTreeMap<String, Value>>,
    pub(super) hidden: Json<BTreeMap<String, String>>,
    pub(super) utm: Json<Utm>,
    pub(super) referrer: String,
    pub(super) device: String,
    pub(super) country: String,
    pub(super) bot_verdict: String,
    pub(super) tags: Vec<String>,
    pub(super) source_incarnation: String,
    pub(super) source_partition: i32,
    pub(super) source_offset: i64,
}

impl Candidate {
    /// When it counts as left, milliseconds since 1970 (UTC).
    pub(super) fn due_at(&self, abandon_after: Duration) -> i64 {
        let span = i64::try_from(abandon_after.as_millis()).unwrap_or(i64::MAX);
        self.last_seen_at.timestamp_millis().saturating_add(span)
    }

    /// What is announced.
    pub(super) fn event(&self, abandon_after: Duration) -> QuizAbandoned {
        QuizAbandoned {
            account_id: self.account_id.clone(),
            quiz_id: self.quiz_id.clone(),
            response_id: self.response_id.to_string(),
            visitor_id: self.visitor_id.map(|id| id.to_string()),
            version: self.version,
            last_seen_at: self.last_seen_at.timestamp_millis(),
            abandoned_at: self.due_at(abandon_after),
            last_element: self.last_element.clone(),
            elements_seen: self.elements_seen,
            answers: self
                .answers
                .0
                .iter()
                .filter_map(|(id, value)| Some((id.clone(), answer_of(value)?)))
                .collect(),
            hidden: self.hidden.0.clone(),
            utm: self.utm.0.clone(),
            referrer: self.referrer.clone(),
            device: self.device.clone(),
            country: self.country.clone(),
            bot_verdict: self.bot_verdict.clone(),
            tags: self.tags.clone(),
        }
    }
}

/// An answer as the projection's JSON has it; `None` for what no answer is. PostgreSQL keeps a number's value
/// and not its spelling: a great double without a fraction comes back as an integer, maybe beyond 64 bits.
fn answer_of(value: &Value) -> Option<AnswerValue> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Null => None,
        Value::Bool(answer) => Some(AnswerValue::Bool(*answer)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Some(AnswerValue::Long(whole)),
            None => number.as_f64().map(AnswerValue::Double),
        },
        Value::String(answer) => Some(AnswerValue::Text(answer.clone())),
        Value::Array(answers) => answers.iter().map(text).collect::<Option<_>>().map(AnswerValue::List),
        Value::Object(answers) => {
            let entry = |(key, value): (&String, &Value)| Some((key.clone(), text(value)?));
            answers.iter().map(entry).collect::<Option<_>>().map(AnswerValue::Map)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_answer_that_the_projection_holds_is_read() {
        for answer in [
            AnswerValue::Bool(false),
            AnswerValue::Long(i64::MIN),
            AnswerValue::Double(80.0),
            AnswerValue::Text("82".to_owned()),
            AnswerValue::List(vec![]),
            AnswerValue::List(vec!["a".to_owned()]),
            AnswerValue::Map(BTreeMap::from([("cep".to_owned(), "01310-100".to_owned())])),
        ] {
            let stored = serde_json::to_value(&answer).unwrap();
            assert_eq!(answer_of(&stored), Some(answer));
        }
        assert_eq!(answer_of(&json!(10_000_000_000_000_000_000_u64)), Some(AnswerValue::Double(1e19)));
        for no_answer in [json!(null), json!([1]), json!({ "a": null })] {
            assert_eq!(answer_of(&no_answer), None, "{no_answer}");
        }
    }
}
