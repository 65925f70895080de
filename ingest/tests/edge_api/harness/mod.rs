//! What the tests stand on: namespaces with schemas and topics, edge processes, the log.

mod edge;
mod log;
mod namespace;
mod raw;

use serde_json::{Value, json};
pub(crate) use vendzz_test_support::{Answer, kafka_address};

pub(crate) use edge::{Edge, exits_with};
pub(crate) use log::Log;
pub(crate) use namespace::Installation;
pub(crate) use raw::{RawAnswer, exchange};

/// A small quiz that can be published.
pub(crate) fn document(title: &str) -> Value {
    json!({
        "accountId": "conta-vida-leve",
        "title": title,
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "hiddenFields": ["origem"],
        "elements": [
            { "id": "intro", "type": "heading", "properties": { "text": "Olá" } },
            { "id": "name", "type": "name", "label": "Qual é o seu nome?", "required": true },
            { "id": "email", "type": "email", "label": "Para onde mandamos o plano?" },
            { "id": "goal", "type": "single_choice", "label": "Qual é a sua meta?", "choices": [
                { "id": "less", "label": "Perder peso", "score": 5 }, { "id": "same", "label": "Manter o peso", "score": 1 },
            ] },
            { "id": "habits", "type": "multiple_choice", "label": "O que você faz?", "choices": [
                { "id": "run", "label": "Correr" }, { "id": "swim", "label": "Nadar" },
            ] },
            { "id": "score", "type": "nps", "label": "Recomendaria?" },
            { "id": "born", "type": "birth_date", "label": "Quando nasceu?" },
            { "id": "cpf", "type": "cpf", "label": "CPF" },
            { "id": "agree", "type": "yes_no", "label": "Concorda?" },
        ],
    })
}

/// Answers that the small quiz takes.
pub(crate) fn answers() -> Value {
    json!({ "name": "Ana Souza", "email": "ana.souza@example.com", "goal": "less", "score": 9 })
}

/// An id that no other test uses.
pub(crate) fn quiz_id(name: &str) -> String {
    format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..8])
}

/// Milliseconds since 1970 (UTC).
pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64
}
