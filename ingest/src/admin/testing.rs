//! Quizzes for the unit tests.

use serde_json::{Value, json};
use vendzz_schemas::events::QuizDefinition;

use super::definitions::Version;

/// A small quiz that can be published.
pub(super) fn document(account_id: &str) -> Value {
    json!({
        "accountId": account_id,
        "title": "Emagrecimento",
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "elements": [
            { "id": "name", "type": "name", "label": "Qual é o seu nome?", "required": true },
            { "id": "goal", "type": "single_choice", "label": "Qual é a sua meta?", "choices": [
                { "id": "less", "label": "Perder peso" }, { "id": "same", "label": "Manter o peso" },
            ] },
        ],
    })
}

pub(super) fn definition(quiz_id: &str, account_id: &str, state: &str) -> QuizDefinition {
    let checked = vendzz_schemas::definition::check_definition_value(&document(account_id), None);
    QuizDefinition {
        account_id: account_id.to_owned(),
        quiz_id: quiz_id.to_owned(),
        state: state.to_owned(),
        changed_at: 1,
        document: serde_json::to_string(&checked.unwrap()).unwrap(),
        retired: Vec::new(),
    }
}

pub(super) fn version(number: i64, definition: QuizDefinition) -> Version {
    Version { number, definition, title: "Emagrecimento".to_owned(), replaced: None }
}
