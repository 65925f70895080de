use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One answer. A closed union for ever: boolean, long, double, string, array of string, map of
/// string; a new element type chooses among these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnswerValue {
    Bool(bool),
    Long(i64),
    Double(f64),
    Text(String),
    List(Vec<String>),
    Map(BTreeMap<String, String>),
}
