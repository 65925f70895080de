//! Answers to an element whose type this build does not know.

use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Verdict};
use crate::events::AnswerValue;

/// Whatever the closed union can hold, within the bounds of form. A newer build published this element
/// and checks its answers better; here the lead must not be lost.
#[derive(Debug)]
pub struct AnyFormCheck;

impl AnswerCheck for AnyFormCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        match value {
            Value::Null => Err(form::wrong_type("an answer")),
            Value::Bool(answer) => Ok(AnswerValue::Bool(*answer)),
            Value::Number(number) => number_of_either_kind(number),
            Value::String(_) => form::text(value).map(|text| AnswerValue::Text(text.to_owned())),
            Value::Array(_) => form::list_of_text(value).map(AnswerValue::List),
            Value::Object(_) => form::map_of_text(value).map(AnswerValue::Map),
        }
        .into()
    }
}

fn number_of_either_kind(number: &serde_json::Number) -> Result<AnswerValue, Refusal> {
    if let Some(whole) = number.as_i64() {
        return Ok(AnswerValue::Long(whole));
    }
    number.as_f64().map(AnswerValue::Double).ok_or_else(|| form::wrong_type("a number"))
}
