#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use vendzz_runtime::config::Secret;
use vendzz_schemas::campaign::Channel;

use super::answers;
use super::*;
use crate::providers::http::test_server::{Behaviour, TestServer};
use crate::providers::meaning::Meaning;
use crate::providers::samples::outgoing;
use crate::providers::{NotTaken, NotTakenKind, ProviderSettings};

const TIMEOUT: Duration = Duration::from_secs(5);

fn twilio(server: &TestServer) -> Twilio {
    let settings = TwilioSettings {
        base_url: server.base_url(),
        account_sid: "AC0123".to_owned(),
        auth_token: Secret::new("hidden-token"),
    };
    Twilio::new(&settings, TIMEOUT).unwrap()
}

async fn answered(behaviour: Behaviour) -> Outcome {
    let server = TestServer::start([behaviour]).await;
    let outcome = twilio(&server).send(&outgoing(Channel::Sms)).await;
    assert_eq!(server.received().len(), 1);
    outcome
}

fn exception(status: u16, code: u32) -> Behaviour {
    let body =
        json!({"code": code, "message": "no", "more_info": "https://www.twilio.com", "status": status});
    Behaviour::Answer(status, body.to_string())
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn an_sms_is_a_message_resource() {
    let created =
        json!({"sid": "SM00000000000000000000000000000001", "status": "queued", "error_code": null});
    let server = TestServer::start([Behaviour::Answer(201, created.to_string())]).await;
    let outgoing = outgoing(Channel::Sms);
    assert_eq!(
        twilio(&server).send(&outgoing).await,
        Outcome::Accepted { reference: "SM00000000000000000000000000000001".to_owned() }
    );
    let request = &server.received()[0];
    assert_eq!(request.line, "POST /2010-04-01/Accounts/AC0123/Messages.json HTTP/1.1");
    // base64 of AC0123:hidden-token
    assert_eq!(request.header("authorization"), "Basic QUMwMTIzOmhpZGRlbi10b2tlbg==");
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        form(&request.body),
        [
            pair("To", "+5511987654321"),
            pair("From", "+551140000001"),
            pair("Body", &outgoing.message.body),
            pair("StatusCallback", outgoing.report_url.as_ref().unwrap()),
        ]
    );
}

#[tokio::test]
async fn a_voice_message_is_a_call_resource() {
    let created = json!({"sid": "CA00000000000000000000000000000001", "status": "queued"});
    let server = TestServer::start([Behaviour::Answer(201, created.to_string())]).await;
    let mut outgoing = outgoing(Channel::Voice);
    outgoing.message.body = "Olá </Say> & até".to_owned();
    assert_eq!(
        twilio(&server).send(&outgoing).await,
        Outcome::Accepted { reference: "CA00000000000000000000000000000001".to_owned() }
    );
    let request = &server.received()[0];
    assert_eq!(request.line, "POST /2010-04-01/Accounts/AC0123/Calls.json HTTP/1.1");
    assert_eq!(
        form(&request.body),
        [
            pair("To", "+5511987654321"),
            pair("From", "+551140000001"),
            pair("Twiml", "<Response><Say language=\"pt-BR\">Olá &lt;/Say&gt; &amp; até</Say></Response>"),
            pair("StatusCallback", outgoing.report_url.as_ref().unwrap()),
            pair("StatusCallbackEvent", "initiated"),
            pair("StatusCallbackEvent", "answered"),
            pair("StatusCallbackEvent", "completed"),
        ]
    );
}

#[tokio::test]
async fn another_channel_is_refused_without_a_call() {
    let server = TestServer::start([]).await;
    let outcome = twilio(&server).send(&outgoing(Channel::Email)).await;
    assert_eq!(outcome, Outcome::Refused { reason: "wrong_channel", opted_out: false });
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn every_documented_code_has_its_outcome() {
    let table = answers::table();
    let rows: BTreeMap<u32, Meaning> = table.iter().copied().collect();
    assert_eq!(rows.len(), table.len(), "a code stands in the table twice");
    let server = TestServer::start(rows.keys().map(|code| exception(400, *code))).await;
    let twilio = twilio(&server);
    for (code, meaning) in rows {
        assert_eq!(twilio.send(&outgoing(Channel::Sms)).await, meaning.outcome(None), "{code}");
    }
    // And some of them in full, as this table is what decides.
    let refused = |reason, opted_out| Outcome::Refused { reason, opted_out };
    let not_taken = |reason, kind| Outcome::NotTaken(NotTaken { reason, retry_after: None, kind });
    assert_eq!(answered(exception(400, 21211)).await, refused("invalid_recipient", false));
    assert_eq!(answered(exception(400, 21610)).await, refused("opted_out", true));
    assert_eq!(answered(exception(400, 21611)).await, not_taken("queue_full", NotTakenKind::Limit));
    assert_eq!(answered(exception(401, 20003)).await, not_taken("credentials", NotTakenKind::Away));
    assert_eq!(answered(exception(400, 21606)).await, not_taken("sender", NotTakenKind::Sender));
    assert_eq!(answered(exception(404, 20404)).await, not_taken("credentials", NotTakenKind::Away));
    // A code of which we know nothing, from Twilio itself: the request was invalid.
    assert_eq!(answered(exception(400, 21999)).await, refused("invalid_request", false));
}

#[tokio::test]
async fn a_limit_is_later_and_its_retry_after_is_obeyed_in_both_forms() {
    let later = |seconds: Option<u64>| {
        let retry_after = seconds.map(Duration::from_secs);
        Outcome::NotTaken(NotTaken { reason: "rate_limited", retry_after, kind: NotTakenKind::Limit })
    };
    let body = json!({"code": 20429, "status": 429}).to_string();
    let with = |headers: &[(&'static str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Behaviour::AnswerWith(429, headers, body.to_owned())
    };
    let date = [("date", "Mon, 30 Nov 2026 12:00:00 GMT"), ("retry-after", "Mon, 30 Nov 2026 12:02:00 GMT")];
    assert_eq!(answered(with(&[("retry-after", "17")], &body)).await, later(Some(17)));
    assert_eq!(answered(with(&date, &body)).await, later(Some(120)));
    assert_eq!(answered(with(&[], &body)).await, later(None));
    // 429 alone says it, whatever the body is: a load balancer's, none, cut.
    assert_eq!(answered(with(&[("retry-after", "3")], "<html>slow down</html>")).await, later(Some(3)));
    assert_eq!(answered(with(&[], "")).await, later(None));
    assert_eq!(answered(Behaviour::CutInAnswer(429, Vec::new(), body)).await, later(None));
    // And whatever its code says: neither a refusal nor an outage.
    for code in [21211, 21610, 20003, 21606] {
        let body = json!({"code": code, "status": 429}).to_string();
        assert_eq!(answered(with(&[("retry-after", "5")], &body)).await, later(Some(5)), "{code}");
    }
}

#[tokio::test]
async fn whatever_is_not_documented_is_unknown() {
    let unknown = |reason| Outcome::Unknown { reason };
    let text = |status, body: &str| Behaviour::Answer(status, body.to_owned());
    for (behaviour, reason) in [
        (text(201, "{\"sid\": "), "answer_not_understood"),
        (text(201, "{\"sid\": \"\"}"), "answer_not_understood"),
        (text(201, "{\"sid\": 7}"), "answer_not_understood"),
        // What PostgreSQL takes for no text.
        (text(201, "{\"sid\": \"SM\\u0000\"}"), "answer_not_understood"),
        (text(200, "<html>welcome</html>"), "answer_not_understood"),
        (text(204, ""), "answer_not_understood"),
        (text(201, &format!("{{\"sid\": \"{}\"}}", "x".repeat(513))), "answer_not_understood"),
        (
            text(201, &format!("{{\"sid\": \"SM1\", \"x\": \"{}\"}}", "x".repeat(70_000))),
            "answer_not_understood",
        ),
        (Behaviour::CutInAnswer(201, Vec::new(), "{\"sid\": \"SM1\"}".to_owned()), "answer_not_understood"),
        (text(307, ""), "redirect"),
        (text(500, "{}"), "server_error"),
        (exception(500, 20500), "server_error"),
        // A server error with a code that is known: it is not documented so.
        (exception(503, 21211), "server_error"),
        (text(400, "<html>Bad Request</html>"), "unknown_refusal"),
        (text(403, "{}"), "unknown_refusal"),
        (exception(403, 21999), "unknown_refusal"),
        (text(418, ""), "unknown_refusal"),
        (Behaviour::CutAfterBody, "connection_cut"),
    ] {
        assert_eq!(answered(behaviour.clone()).await, unknown(reason), "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_unknown_after_the_timeout() {
    let server =
        TestServer::start([Behaviour::AnswerAfter(TIMEOUT, 201, "{\"sid\": \"SM1\"}".to_owned())]).await;
    let settings = ProviderSettings::Twilio(TwilioSettings {
        base_url: server.base_url(),
        account_sid: "AC0123".to_owned(),
        auth_token: Secret::new("hidden-token"),
    });
    let provider = crate::providers::Provider::for_account(&settings, Duration::from_millis(300)).unwrap();
    assert_eq!(provider.send(&outgoing(Channel::Sms)).await, Outcome::Unknown { reason: "timeout" });
}
