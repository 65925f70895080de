//! The labelled answers of `corpus.json`, one case a line.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use vendzz_processors::leads::{Contacts, LeadElements, detect};
use vendzz_schemas::definition::{QuizDocument, RetiredElement};
use vendzz_schemas::events::AnswerValue;

/// One response: the questions, the answers, and what a person who reads them says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Case {
    pub id: String,
    /// `development`: the rules were made on it. `held_out…`: written before the detector was run on it.
    pub part: String,
    pub language: String,
    pub trap: String,
    pub elements: Vec<CaseElement>,
    pub answers: BTreeMap<String, AnswerValue>,
    pub expected: Expected,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CaseElement {
    pub id: String,
    #[serde(rename = "type")]
    pub element_type: String,
    #[serde(default)]
    pub label: String,
    /// Removed from the quiz, so its label is not known.
    #[serde(default)]
    pub retired: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Expected {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
}

pub(crate) fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("corpus.json")).expect("the corpus is JSON")
}

impl Case {
    pub(crate) fn document(&self) -> QuizDocument {
        let current = self.elements.iter().filter(|element| !element.retired);
        let elements: Vec<_> = current
            .map(|element| {
                json!({
                    "id": element.id,
                    "type": element.element_type,
                    "label": element.label,
                    "properties": if element.element_type.ends_with("_choice") { json!({"allowOther": true}) } else { json!({}) },
                    "choices": if element.element_type.ends_with("_choice") {
                        json!([{"id": "email", "label": "E-mail"}, {"id": "whatsapp", "label": "WhatsApp"}])
                    } else {
                        json!([])
                    },
                })
            })
            .collect();
        let document = json!({
            "accountId": "account", "title": "Quiz", "language": self.language, "timeZone": "America/Sao_Paulo",
            "elements": elements,
        });
        serde_json::from_value(document).expect("a quiz document")
    }

    pub(crate) fn retired(&self) -> Vec<RetiredElement> {
        let removed = self.elements.iter().filter(|element| element.retired);
        removed
            .map(|element| RetiredElement {
                element_id: element.id.clone(),
                element_type: element.element_type.clone(),
                choices: Vec::new(),
            })
            .collect()
    }

    pub(crate) fn detect(&self) -> Contacts {
        detect(&LeadElements::new(&self.document(), &self.retired()), &self.answers)
    }
}
