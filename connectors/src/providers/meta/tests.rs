#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vendzz_runtime::config::Secret;

use super::answers;
use super::*;
use crate::providers::http::test_server::{Behaviour, TestServer};
use crate::providers::meaning::Meaning;
use crate::providers::samples::outgoing;
use crate::providers::{NotTaken, NotTakenKind};
use crate::sample_message::MESSAGE_ID;

fn meta(server: &TestServer) -> Meta {
    let settings = MetaSettings {
        base_url: format!("{}/v23.0", server.base_url()),
        access_token: Secret::new("hidden-access"),
        app_secret: Secret::new("hidden-app"),
        verify_token: Secret::new("hidden-verify"),
    };
    Meta::new(&settings, Duration::from_secs(5)).unwrap()
}

async fn answered(behaviour: Behaviour) -> Outcome {
    let server = TestServer::start([behaviour]).await;
    let outcome = meta(&server).send(&outgoing(Channel::Whatsapp)).await;
    assert_eq!(server.received().len(), 1);
    outcome
}

fn failed(status: u16, code: u32) -> Behaviour {
    let error = json!({"message": "no", "type": "OAuthException", "code": code, "error_subcode": 2_494_010,
                       "error_data": {"messaging_product": "whatsapp", "details": "no"}, "fbtrace_id": "x"});
    Behaviour::Answer(status, json!({"error": error}).to_string())
}

fn sent() -> Behaviour {
    let body = json!({"messaging_product": "whatsapp", "contacts": [{"input": "5511987654321", "wa_id": "5511987654321"}],
                      "messages": [{"id": "wamid.HBgL", "message_status": "accepted"}]});
    Behaviour::Answer(200, body.to_string())
}

#[tokio::test]
async fn a_session_message_is_a_text() {
    let server = TestServer::start([sent()]).await;
    let outgoing = outgoing(Channel::Whatsapp);
    assert_eq!(meta(&server).send(&outgoing).await, Outcome::Accepted { reference: "wamid.HBgL".to_owned() });
    let request = &server.received()[0];
    assert_eq!(request.line, "POST /v23.0/106540352242922/messages HTTP/1.1");
    assert_eq!(request.header("authorization"), "Bearer hidden-access");
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "5511987654321",
            "biz_opaque_callback_data": MESSAGE_ID,
            "type": "text",
            "text": {"preview_url": false, "body": outgoing.message.body},
        })
    );
}

#[tokio::test]
async fn a_template_has_its_parameters_in_their_order() {
    let server = TestServer::start([sent(), sent()]).await;
    let meta = meta(&server);
    let mut outgoing = outgoing(Channel::Whatsapp);
    for parameters in [vec!["Ana \"A\"".to_owned(), "50%".to_owned()], Vec::new()] {
        outgoing.message.provider_template = Some(ProviderTemplate {
            name: "volta_as_aulas".to_owned(),
            language: "pt_BR".to_owned(),
            parameters,
        });
        assert!(matches!(meta.send(&outgoing).await, Outcome::Accepted { .. }));
    }
    let contents: Vec<Value> = server
        .received()
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["template"].clone())
        .collect();
    let parameters = json!([{"type": "text", "text": "Ana \"A\""}, {"type": "text", "text": "50%"}]);
    assert_eq!(
        contents,
        [
            json!({"name": "volta_as_aulas", "language": {"code": "pt_BR"},
                   "components": [{"type": "body", "parameters": parameters}]}),
            json!({"name": "volta_as_aulas", "language": {"code": "pt_BR"}}),
        ]
    );
}

#[tokio::test]
async fn every_documented_code_has_its_outcome() {
    let rows: BTreeMap<u32, Meaning> = answers::table().collect();
    assert_eq!(rows.len(), answers::table().count(), "a code stands in the table twice");
    let server = TestServer::start(rows.keys().map(|code| failed(400, *code))).await;
    let meta = meta(&server);
    for (code, meaning) in rows {
        let pause = (code == 131056).then_some(Duration::from_secs(6));
        assert_eq!(meta.send(&outgoing(Channel::Whatsapp)).await, meaning.outcome(pause), "{code}");
    }
    // And some of them in full, as this table is what decides.
    let refused = |reason, opted_out| Outcome::Refused { reason, opted_out };
    let not_taken = |reason, kind| Outcome::NotTaken(NotTaken { reason, retry_after: None, kind });
    assert_eq!(answered(failed(400, 131026)).await, refused("undeliverable", false));
    assert_eq!(answered(failed(400, 131047)).await, refused("session_closed", false));
    assert_eq!(answered(failed(400, 131050)).await, refused("opted_out", true));
    assert_eq!(answered(failed(404, 132001)).await, refused("template", false));
    assert_eq!(answered(failed(401, 190)).await, not_taken("credentials", NotTakenKind::Away));
    assert_eq!(answered(failed(403, 200)).await, not_taken("credentials", NotTakenKind::Away));
    assert_eq!(answered(failed(403, 299)).await, not_taken("credentials", NotTakenKind::Away));
    assert_eq!(answered(failed(500, 3)).await, not_taken("credentials", NotTakenKind::Away));
    assert_eq!(answered(failed(500, 131045)).await, not_taken("sender", NotTakenKind::Sender));
    assert_eq!(answered(failed(429, 130429)).await, not_taken("rate_limited", NotTakenKind::Limit));
    assert_eq!(answered(failed(429, 131048)).await, not_taken("spam_limit", NotTakenKind::Limit));
}

#[tokio::test]
async fn a_number_that_is_unknown_is_the_senders_fault_and_no_refusal_of_the_message() {
    let with = |code: u32, subcode: Value| {
        let error = json!({"message": "Unsupported post request. Object with ID '1' does not exist",
            "type": "GraphMethodException", "code": code, "error_subcode": subcode, "fbtrace_id": "x"});
        Behaviour::Answer(400, json!({"error": error}).to_string())
    };
    let sender =
        Outcome::NotTaken(NotTaken { reason: "sender", retry_after: None, kind: NotTakenKind::Sender });
    let refused = |reason| Outcome::Refused { reason, opted_out: false };
    assert_eq!(answered(with(100, json!(33))).await, sender);
    for other in [json!(2_494_010), json!("33"), json!(null), json!({})] {
        assert_eq!(answered(with(100, other.clone())).await, refused("invalid_request"), "{other}");
    }
    assert_eq!(answered(with(131026, json!(33))).await, refused("undeliverable"));
}

#[tokio::test]
async fn retry_after_goes_before_our_own_pause() {
    let not_taken = |reason, seconds, kind| {
        let retry_after = Some(Duration::from_secs(seconds));
        Outcome::NotTaken(NotTaken { reason, retry_after, kind })
    };
    let pair = |seconds| not_taken("pair_rate_limited", seconds, NotTakenKind::Later);
    let body = |code| json!({"error": {"code": code, "message": "no"}}).to_string();
    let with = |code| Behaviour::AnswerWith(429, vec![("retry-after", "30".to_owned())], body(code));
    assert_eq!(answered(with(131056)).await, pair(30));
    // 429 is later, also with a code that is a refusal elsewhere.
    for code in [999_999, 131026, 131050, 190] {
        let limit = not_taken("rate_limited", 30, NotTakenKind::Limit);
        assert_eq!(answered(with(code)).await, limit, "{code}");
    }
    assert_eq!(answered(failed(429, 131056)).await, pair(6));
}

#[tokio::test]
async fn whatever_is_not_documented_is_unknown() {
    let unknown = |reason| Outcome::Unknown { reason };
    let text = |status, body: &str| Behaviour::Answer(status, body.to_owned());
    for (behaviour, reason) in [
        (text(200, "{\"messages\": []}"), "answer_not_understood"),
        (text(200, "{\"messages\": [{\"id\": \"\"}]}"), "answer_not_understood"),
        (text(200, "{\"error\": {\"code\": 190}}"), "answer_not_understood"),
        (text(200, "wamid.HBgL"), "answer_not_understood"),
        (text(302, ""), "redirect"),
        (failed(400, 1), "unknown_refusal"),
        (failed(503, 2), "server_error"),
        (failed(500, 131000), "server_error"),
        (failed(503, 131016), "server_error"),
        (failed(500, 131057), "server_error"),
        // A server error with a code whose documented status is another.
        (failed(500, 131026), "server_error"),
        (failed(400, 424_242), "unknown_refusal"),
        (text(400, "{\"error\": \"no\"}"), "unknown_refusal"),
        (text(502, "<html>Bad Gateway</html>"), "server_error"),
        (Behaviour::CutInBody, "connection_cut"),
    ] {
        assert_eq!(answered(behaviour.clone()).await, unknown(reason), "{behaviour:?}");
    }
}

#[tokio::test]
async fn another_channel_is_refused_without_a_call() {
    let server = TestServer::start([]).await;
    let outcome = meta(&server).send(&outgoing(Channel::Sms)).await;
    assert_eq!(outcome, Outcome::Refused { reason: "wrong_channel", opted_out: false });
    assert!(server.received().is_empty());
}
