//! Events with every kind of value in them.

use std::collections::BTreeMap;

use vendzz_schemas::events::{
    AnswerValue, ElementSeen, QuizDefinition, QuizProgressed, QuizSubmitted, QuizViewed, RetiredElement, Utm,
};
use vendzz_schemas::ids::TimedId;

pub(crate) const QUIZ: &str = "emagrecimento";

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub(crate) fn viewed() -> QuizViewed {
    QuizViewed {
        account_id: "conta".into(),
        quiz_id: QUIZ.into(),
        visitor_id: TimedId::mint().to_string(),
        version: Some(7),
        received_at: now_ms(),
        device: "mobile".into(),
        country: "BR".into(),
        referrer: "https://exemplo.com.br/página".into(),
        utm: Utm { source: "instagram".into(), ..Utm::default() },
        bot_verdict: "human".into(),
        address_hash: "00ff".into(),
    }
}

pub(crate) fn submitted(bot_verdict: &str) -> QuizSubmitted {
    QuizSubmitted {
        account_id: "conta".into(),
        quiz_id: QUIZ.into(),
        response_id: TimedId::mint().to_string(),
        visitor_id: None,
        version: 7,
        received_at: now_ms(),
        started_at: None,
        submitted_at: Some(now_ms() - 50),
        answers: BTreeMap::from([
            ("aceite".to_owned(), AnswerValue::Bool(true)),
            ("idade".to_owned(), AnswerValue::Long(-41)),
            ("muito".to_owned(), AnswerValue::Long(i64::MAX)),
            ("peso".to_owned(), AnswerValue::Double(82.5)),
            ("nome".to_owned(), AnswerValue::Text("João \u{1F3C3} \"aspas\" \\ \n fim".into())),
            ("nada".to_owned(), AnswerValue::Text(String::new())),
            ("metas".to_owned(), AnswerValue::List(vec!["a".into(), "ç".into()])),
            ("vazia".to_owned(), AnswerValue::List(vec![])),
            ("endereco".to_owned(), AnswerValue::Map(BTreeMap::from([("cep".into(), "01310-100".into())]))),
        ]),
        hidden: BTreeMap::from([("origem".into(), "anúncio".into())]),
        utm: Utm { source: "instagram".into(), campaign: "janeiro".into(), ..Utm::default() },
        referrer: String::new(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: bot_verdict.into(),
        bot_reasons: if bot_verdict == "bot" { vec!["honeypot".into()] } else { vec![] },
        address_hash: "00ff".into(),
        tags: vec![QuizSubmitted::TAG_STALE_DEFINITION.into()],
        elements: vec![],
        reported: 0,
    }
}

/// The `sequence`-th beacon of a response that has seen these elements (id, milliseconds).
pub(crate) fn progressed(
    response_id: &str,
    sequence: i32,
    seen: &[(&str, i64)],
    reported: i32,
) -> QuizProgressed {
    QuizProgressed {
        account_id: "conta".into(),
        quiz_id: QUIZ.into(),
        response_id: response_id.into(),
        visitor_id: None,
        version: 7,
        sequence,
        received_at: now_ms(),
        started_at: None,
        elements: way(seen),
        reported,
        answers: BTreeMap::new(),
        hidden: BTreeMap::new(),
        utm: Utm::default(),
        referrer: String::new(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        address_hash: "00ff".into(),
        tags: vec![],
    }
}

pub(crate) fn way(seen: &[(&str, i64)]) -> Vec<ElementSeen> {
    seen.iter().map(|(id, millis)| ElementSeen { element_id: (*id).into(), millis: *millis }).collect()
}

pub(crate) fn definition() -> QuizDefinition {
    QuizDefinition {
        account_id: "conta".into(),
        quiz_id: QUIZ.into(),
        state: "published".into(),
        changed_at: now_ms(),
        document: r#"{"title": "Emagreça em 30 dias", "elements": [{"id": "fim"}, {"id": "nome"}, {"id": "nunca"}]}"#.into(),
        retired: vec![RetiredElement {
            element_id: "cor".into(),
            element_type: "single_choice".into(),
            choices: vec!["azul".into()],
        }],
    }
}
