use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use vendzz_schemas::events::{AnswerValue, ElementSeen, QuizProgressed, QuizSubmitted, Utm};
use vendzz_schemas::ids::TimedId;

static MINTED: AtomicU64 = AtomicU64::new(1);

pub(crate) fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

pub(crate) fn minutes_ago(minutes: i64) -> i64 {
    now_ms() - minutes * 60_000
}

/// A new id.
pub(crate) fn response_id() -> TimedId {
    let mut random = [7; 10];
    random[2..].copy_from_slice(&MINTED.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    TimedId::mint_at(minutes_ago(60).cast_unsigned(), &random)
}

/// A beacon with a contact.
pub(crate) fn beacon(response: TimedId, sequence: i32, received_at: i64) -> QuizProgressed {
    let seen = |id: &str, millis| ElementSeen { element_id: id.to_owned(), millis };
    QuizProgressed {
        account_id: "conta-1".into(),
        quiz_id: "emagrecimento".into(),
        response_id: response.to_string(),
        visitor_id: Some(TimedId::mint_at(received_at.cast_unsigned(), &[2; 10]).to_string()),
        version: 7,
        sequence,
        received_at,
        started_at: Some(received_at - 20_000),
        elements: vec![seen("intro", 4_000), seen("email", 2_500), seen(&format!("e{sequence}"), 0)],
        reported: 0,
        answers: BTreeMap::from([
            ("aceite".to_owned(), AnswerValue::Bool(true)),
            ("email".to_owned(), AnswerValue::Text("ana@exemplo.com.br".into())),
            ("idade".to_owned(), AnswerValue::Long(-41)),
            // Beyond 64 bits, and without a fraction.
            ("muito".to_owned(), AnswerValue::Double(1e19)),
            ("metas".to_owned(), AnswerValue::List(vec!["dormir".into(), "\"correr\" 🏃".into()])),
            ("peso".to_owned(), AnswerValue::Double(80.0)),
            (
                "endereco".to_owned(),
                AnswerValue::Map(BTreeMap::from([("cep".to_owned(), "01310-100".to_owned())])),
            ),
        ]),
        hidden: BTreeMap::from([("origem".to_owned(), "anúncio".to_owned())]),
        utm: Utm { source: "instagram".into(), ..Utm::default() },
        referrer: "https://exemplo.com.br/pagina".into(),
        device: "mobile".into(),
        country: "BR".into(),
        bot_verdict: "human".into(),
        address_hash: "00ff".into(),
        tags: vec!["stale_definition".into()],
    }
}

pub(crate) fn bot_beacon(response: TimedId, received_at: i64) -> QuizProgressed {
    QuizProgressed { bot_verdict: "bot".into(), ..beacon(response, 1, received_at) }
}

/// The submission that follows a beacon.
pub(crate) fn submission_of(beacon: &QuizProgressed) -> QuizSubmitted {
    let beacon = beacon.clone();
    QuizSubmitted {
        account_id: beacon.account_id,
        quiz_id: beacon.quiz_id,
        response_id: beacon.response_id,
        visitor_id: beacon.visitor_id,
        version: beacon.version,
        received_at: beacon.received_at + 1_000,
        started_at: beacon.started_at,
        submitted_at: None,
        answers: beacon.answers,
        hidden: beacon.hidden,
        utm: beacon.utm,
        referrer: beacon.referrer,
        device: beacon.device,
        country: beacon.country,
        bot_verdict: beacon.bot_verdict,
        bot_reasons: vec![],
        address_hash: beacon.address_hash,
        tags: vec![],
        elements: vec![],
        reported: 0,
    }
}
