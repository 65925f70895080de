//! One quiz, its campaigns and its responses.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vendzz_schemas::events::{AnswerValue, QuizAbandoned, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;

use super::harness::now_ms;

pub(crate) const ACCOUNT: &str = "conta-teste";
pub(crate) const QUIZ: &str = "plano";
pub(crate) const EMAIL: &str = "marina.tavares@exemplo.com.br";
pub(crate) const PHONE: &str = "+5511987654321";
/// As it is typed.
pub(crate) const PHONE_TYPED: &str = "+5511987654321";
pub(crate) const NAME: &str = "Marina Tavares";

pub(crate) fn quiz() -> Value {
    json!({
        "accountId": ACCOUNT, "title": "O seu plano", "language": "pt-BR", "timeZone": "America/Sao_Paulo",
        "hiddenFields": ["origem"],
        "elements": [
            { "id": "nome", "type": "name", "label": "Qual é o seu nome?" },
            { "id": "email", "type": "email", "label": "E-mail" },
            { "id": "fone", "type": "phone", "label": "WhatsApp" },
            { "id": "meta", "type": "single_choice", "label": "Qual é a sua meta?", "choices": [
                { "id": "menos", "label": "Perder peso", "score": 5 }, { "id": "igual", "label": "Manter o peso", "score": 1 },
            ] },
        ],
    })
}

/// An active campaign of one step that is due at once.
pub(crate) fn campaign(channel: &str, audience: &str, text: &str) -> Value {
    let mut template = json!({ "text": text });
    if channel == "email" {
        template["subject"] = json!("Olá, {{ contact.first_name }}");
        template["html"] = json!("<p>{{ answers.meta }}</p>");
    }
    json!({
        "accountId": ACCOUNT, "quizId": QUIZ, "name": "Campanha", "channel": channel, "audience": audience,
        "state": "active", "senderPool": "principal",
        "steps": [ { "id": "s1", "delaySeconds": 0, "template": template } ],
    })
}

/// A number that makes a response's id: the same number, the same id.
pub(crate) fn response_id(number: u32) -> String {
    let mut random = [7; 10];
    random[6..].copy_from_slice(&number.to_be_bytes());
    TimedId::mint_at(1_767_225_600_000 + u64::from(number), &random).to_string()
}

pub(crate) fn answers() -> BTreeMap<String, AnswerValue> {
    let text = |value: &str| AnswerValue::Text(value.to_owned());
    BTreeMap::from([
        ("nome".to_owned(), text(NAME)),
        ("email".to_owned(), text(EMAIL)),
        ("fone".to_owned(), text(PHONE_TYPED)),
        ("meta".to_owned(), text("menos")),
    ])
}

pub(crate) fn submission(number: u32, version: i64) -> QuizSubmitted {
    QuizSubmitted {
        account_id: ACCOUNT.to_owned(),
        quiz_id: QUIZ.to_owned(),
        response_id: response_id(number),
        visitor_id: None,
        version,
        received_at: now_ms(),
        started_at: None,
        submitted_at: None,
        answers: answers(),
        hidden: BTreeMap::new(),
        utm: Utm { source: "instagram".to_owned(), ..Utm::default() },
        referrer: String::new(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: "human".to_owned(),
        bot_reasons: Vec::new(),
        address_hash: String::new(),
        tags: Vec::new(),
        elements: Vec::new(),
        reported: 0,
    }
}

pub(crate) fn abandoned(number: u32, version: i64, abandoned_at: i64) -> QuizAbandoned {
    QuizAbandoned {
        account_id: ACCOUNT.to_owned(),
        quiz_id: QUIZ.to_owned(),
        response_id: response_id(number),
        visitor_id: None,
        version,
        last_seen_at: abandoned_at - 1_000,
        abandoned_at,
        last_element: "meta".to_owned(),
        elements_seen: 4,
        answers: answers(),
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: "mobile".to_owned(),
        country: "BR".to_owned(),
        bot_verdict: "human".to_owned(),
        tags: Vec::new(),
    }
}
