//! What the tests stand on: a namespace with schemas and topics, admin processes, PostgreSQL, the log.

mod admin;
mod log;
mod namespace;
mod postgres;

use serde_json::{Value, json};

pub(crate) use admin::{Admin, Answer, TOKEN, exits_with};
pub(crate) use log::{revisions_in_log, versions_in_log};
pub(crate) use namespace::{fresh_prefix, furnish};
pub(crate) use postgres::HeldLock;

/// A small quiz that can be published.
pub(crate) fn document(title: &str) -> Value {
    json!({
        "accountId": "conta-vida-leve",
        "title": title,
        "language": "pt-BR",
        "timeZone": "America/Sao_Paulo",
        "elements": [
            { "id": "name", "type": "name", "label": "Qual é o seu nome?", "required": true },
            { "id": "goal", "type": "single_choice", "label": "Qual é a sua meta?", "choices": [
                { "id": "less", "label": "Perder peso" }, { "id": "same", "label": "Manter o peso" },
            ] },
            { "id": "email", "type": "email", "label": "Para onde mandamos o plano?" },
        ],
    })
}

/// A small campaign for that quiz.
pub(crate) fn campaign_document(quiz_id: &str, name: &str, state: &str) -> Value {
    json!({
        "accountId": "conta-vida-leve",
        "quizId": quiz_id,
        "name": name,
        "channel": "email",
        "audience": "completed",
        "state": state,
        "steps": [{
            "id": "ola",
            "delaySeconds": 60,
            "template": { "subject": "Seu plano", "text": "Olá, {{ answers.name }}! Seu plano está pronto." },
        }],
        "senderPool": "principal",
    })
}

/// An id that no other test uses.
pub(crate) fn quiz_id(name: &str) -> String {
    format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..8])
}
