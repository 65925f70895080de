use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::AnswerValue;

/// When a rule applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    All {
        all: Vec<Condition>,
    },
    Any {
        any: Vec<Condition>,
    },
    Test(Test),
    /// Of a kind that this build does not know; never holds.
    Unknown(Value),
}

/// A question to one element's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    pub element: String,
    /// A name of [`Operator`].
    pub is: String,
    /// What the answer is compared with; absent for `answered` and `not_answered`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// How an answer is compared. Without an answer `not_equals` and `not_answered` hold, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equals,
    NotEquals,
    /// A list contains an entry; a text contains a text, whatever its case.
    Contains,
    Greater,
    Less,
    Answered,
    NotAnswered,
}

impl Operator {
    pub const NAMES: &'static str = "equals, not_equals, contains, greater, less, answered, not_answered";

    pub fn from_wire(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "not_equals" => Self::NotEquals,
            "contains" => Self::Contains,
            "greater" => Self::Greater,
            "less" => Self::Less,
            "answered" => Self::Answered,
            "not_answered" => Self::NotAnswered,
            _ => return None,
        })
    }

    pub fn takes_value(self) -> bool {
        !matches!(self, Self::Answered | Self::NotAnswered)
    }
}

/// A condition made ready: elements by index, names resolved.
#[derive(Debug)]
pub(super) enum CompiledCondition {
    All(Vec<CompiledCondition>),
    Any(Vec<CompiledCondition>),
    Test { element: usize, operator: Operator, operand: Operand },
    Never,
}

/// What an answer is compared with.
#[derive(Debug)]
pub(crate) enum Operand {
    None,
    Boolean(bool),
    Number(f64),
    Text { text: String, lower_case: String },
}

impl CompiledCondition {
    /// Resolves element ids. What names an unknown element or operator never holds.
    pub(super) fn new(condition: &Condition, index_of: &impl Fn(&str) -> Option<usize>) -> Self {
        let compile_each = |conditions: &[Condition]| {
            conditions.iter().map(|condition| Self::new(condition, index_of)).collect::<Vec<_>>()
        };
        match condition {
            Condition::All { all } => Self::All(compile_each(all)),
            Condition::Any { any } => Self::Any(compile_each(any)),
            Condition::Unknown(_) => Self::Never,
            Condition::Test(test) => match (index_of(&test.element), Operator::from_wire(&test.is)) {
                (Some(element), Some(operator)) => {
                    Self::Test { element, operator, operand: Operand::new(&test.value) }
                }
                _ => Self::Never,
            },
        }
    }

    /// `answer_of` gives the answer to the element of this index.
    pub(super) fn holds<'a>(&self, answer_of: &impl Fn(usize) -> Option<&'a AnswerValue>) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(answer_of)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(answer_of)),
            Self::Test { element, operator, operand } => test(answer_of(*element), *operator, operand),
            Self::Never => false,
        }
    }
}

impl Operand {
    pub(crate) fn new(value: &Value) -> Self {
        match value {
            Value::Bool(flag) => Self::Boolean(*flag),
            Value::Number(number) => number.as_f64().map_or(Self::None, Self::Number),
            Value::String(text) => Self::Text { text: text.clone(), lower_case: text.to_lowercase() },
            Value::Null | Value::Array(_) | Value::Object(_) => Self::None,
        }
    }
}

/// What one comparison finds; without an answer only `not_equals` and `not_answered` hold.
pub(crate) fn test(answer: Option<&AnswerValue>, operator: Operator, operand: &Operand) -> bool {
    let Some(answer) = answer else {
        return matches!(operator, Operator::NotEquals | Operator::NotAnswered);
    };
    match operator {
        Operator::Answered => true,
        Operator::NotAnswered => false,
        Operator::Equals => equals(answer, operand),
        Operator::NotEquals => !equals(answer, operand),
        Operator::Contains => contains(answer, operand),
        Operator::Greater => compare(answer, operand).is_some_and(std::cmp::Ordering::is_gt),
        Operator::Less => compare(answer, operand).is_some_and(std::cmp::Ordering::is_lt),
    }
}

fn equals(answer: &AnswerValue, operand: &Operand) -> bool {
    match (answer, operand) {
        (AnswerValue::Bool(answer), Operand::Boolean(flag)) => answer == flag,
        _ => compare(answer, operand).is_some_and(std::cmp::Ordering::is_eq),
    }
}

fn contains(answer: &AnswerValue, operand: &Operand) -> bool {
    match (answer, operand) {
        (AnswerValue::List(entries), Operand::Text { text, .. }) => entries.contains(text),
        (AnswerValue::Text(answer), Operand::Text { lower_case, .. }) => {
            answer.to_lowercase().contains(lower_case)
        }
        _ => false,
    }
}

/// Numbers by size; texts by their bytes, which for dates and times is the order of time.
fn compare(answer: &AnswerValue, operand: &Operand) -> Option<std::cmp::Ordering> {
    match (answer, operand) {
        (AnswerValue::Long(answer), Operand::Number(number)) => (*answer as f64).partial_cmp(number),
        (AnswerValue::Double(answer), Operand::Number(number)) => answer.partial_cmp(number),
        (AnswerValue::Text(answer), Operand::Text { text, .. }) => Some(answer.as_str().cmp(text)),
        _ => None,
    }
}
