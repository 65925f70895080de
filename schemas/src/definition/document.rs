use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Condition;

/// Where a rule leads that ends the quiz. No element may have this id.
pub const TARGET_END: &str = "end";

/// The document of one version of a quiz, as it stands in the log.
///
/// Reading ignores unknown fields: a service must be able to read what a newer build has published.
/// Publication refuses them, see [`super::check_definition`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuizDocument {
    pub account_id: String,
    pub title: String,
    /// BCP 47, e.g. `pt-BR`.
    pub language: String,
    /// IANA name, e.g. `America/Sao_Paulo`.
    pub time_zone: String,
    /// In the order in which they are shown, as far as no rule says otherwise. One at least.
    pub elements: Vec<Element>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logic: Vec<Rule>,
    /// Names of page parameters that are taken along with the answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_fields: Vec<String>,
    /// Whether answers are kept of those who gave a contact and did not finish.
    #[serde(default)]
    pub save_partial_responses: bool,
    /// What a score leads to, by disjoint ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<QuizResult>,
}

/// One thing on the page: a question or content.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Element {
    /// `[a-z0-9_-]{1,64}`; keeps its type in all versions.
    pub id: String,
    /// A name of the catalogue.
    #[serde(rename = "type")]
    pub element_type: String,
    /// The question. Needed for inputs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Whether an answer is needed when the element is shown.
    #[serde(default)]
    pub required: bool,
    /// By the element type's row in the catalogue.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// `[a-z0-9_-]{1,64}`, once in its element.
    pub id: String,
    pub label: String,
    /// What it adds to the score of a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
    /// An https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// After element `from`, the first rule whose condition holds says where to go; without one, the next
/// element follows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub from: String,
    /// Always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The id of an element, or [`TARGET_END`].
    pub go_to: String,
}

/// The result of the responses whose score lies from `min_score` to `max_score`, both included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuizResult {
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub min_score: i64,
    pub max_score: i64,
}
