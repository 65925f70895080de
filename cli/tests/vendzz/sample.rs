//! Events with every kind of value in them.

use std::collections::BTreeMap;

use vendzz_schemas::events::{
    AnswerValue, CampaignDefinition, CampaignDelivery, CampaignMessage, ElementSeen, FrequencyCap,
    LeadDetected, LeadName, ProviderTemplate, QuietHours, QuizAbandoned, QuizDefinition, QuizProgressed,
    QuizSubmitted, QuizViewed, RetiredElement, Utm,
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

pub(crate) fn abandoned() -> QuizAbandoned {
    let submitted = submitted("human");
    QuizAbandoned {
        account_id: submitted.account_id,
        quiz_id: submitted.quiz_id,
        response_id: submitted.response_id,
        visitor_id: Some(TimedId::mint().to_string()),
        version: 7,
        last_seen_at: now_ms(),
        abandoned_at: now_ms() + 1_800_000,
        last_element: "nome".into(),
        elements_seen: 2,
        answers: submitted.answers,
        hidden: submitted.hidden,
        utm: submitted.utm,
        referrer: String::new(),
        device: "tablet".into(),
        country: String::new(),
        bot_verdict: "suspect".into(),
        tags: vec![],
    }
}

pub(crate) fn lead() -> LeadDetected {
    LeadDetected {
        account_id: "conta".into(),
        lead_id: "f3a1b2c4-0000-8000-8000-000000000001".into(),
        quiz_id: QUIZ.into(),
        response_id: TimedId::mint().to_string(),
        field: "email".into(),
        value: "joão@exemplo.com.br".into(),
        confidence: 0.97,
        element_id: "contato".into(),
        evidence: "validated_value".into(),
        name: Some(LeadName {
            value: "João".into(),
            confidence: 0.9,
            element_id: "nome".into(),
            evidence: "label".into(),
        }),
        trigger: "completed".into(),
        seen_at: now_ms(),
    }
}

pub(crate) fn campaign() -> CampaignDefinition {
    CampaignDefinition {
        account_id: "conta".into(),
        campaign_id: "boas-vindas".into(),
        revision: TimedId::mint().to_string(),
        quiz_id: QUIZ.into(),
        state: "active".into(),
        changed_at: now_ms(),
        document: r#"{"name": "Boas-vindas"}"#.into(),
    }
}

pub(crate) fn delivery() -> CampaignDelivery {
    let CampaignMessage {
        message_id, account_id, quiz_id, response_id, campaign_id, revision, step_id, ..
    } = message();
    CampaignDelivery {
        message_id,
        number: 3,
        account_id,
        quiz_id,
        response_id,
        campaign_id,
        revision,
        step_id,
        channel: "whatsapp".into(),
        what: "undelivered".into(),
        reason: "carrier_131026".into(),
        provider: "meta".into(),
        provider_ref: "wamid.ção=".into(),
        attempt: 2,
        happened_at: now_ms(),
    }
}

pub(crate) fn message() -> CampaignMessage {
    CampaignMessage {
        message_id: "01890a5d-ac96-8000-8000-000000000001".into(),
        account_id: "conta".into(),
        quiz_id: QUIZ.into(),
        response_id: TimedId::mint().to_string(),
        campaign_id: "boas-vindas".into(),
        revision: TimedId::mint().to_string(),
        step_id: "s1".into(),
        channel: "whatsapp".into(),
        trigger: "completed".into(),
        recipient: "+5511987654321".into(),
        recipient_name: "João".into(),
        language: "pt-BR".into(),
        subject: String::new(),
        body: "Olá, João \u{1F3C3}".into(),
        html: String::new(),
        provider_template: Some(ProviderTemplate {
            name: "resultado".into(),
            language: "pt_BR".into(),
            parameters: vec!["João".into(), String::new()],
        }),
        due_at: now_ms(),
        max_late_ms: 21_600_000,
        quiet_hours: Some(QuietHours { from_minute: 1_260, to_minute: 480 }),
        frequency_cap: Some(FrequencyCap { messages: 3, period_ms: 86_400_000 }),
        sender_pool: "principal".into(),
        unless_finished: false,
        unless_sent: Some("01890a5d-ac96-8000-8000-000000000002".into()),
        made_from_at: now_ms(),
    }
}
