use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    ACCESS_TOKEN, NUMBER_ID, Receiver, Running, SID, quiet_reports, sms_fields, template_message,
    text_message,
};

fn rules(key: &str, rule: Value) -> Value {
    let mut faults = quiet_reports();
    faults["rules"] = json!({ key: rule });
    faults
}

#[tokio::test]
async fn answers_that_accept_nothing_leave_nothing_in_the_journal() {
    let running = Running::start().await;
    let callback = format!("http://127.0.0.1:9/report?message={}", Uuid::now_v7());
    for (rule, status, code) in [
        (json!({ "share429": 1.0, "retryAfterSeconds": 3 }), 429, 20429),
        (json!({ "share500": 1.0 }), 500, 20500),
        (json!({ "share503": 1.0 }), 503, 20503),
        (json!({ "shareRefused": 1.0 }), 400, 21211),
        (json!({ "shareOptedOut": 1.0 }), 400, 21610),
    ] {
        running.set_faults(rules(SID, rule)).await;
        let response = running.sms(&sms_fields(&callback)).await.unwrap();
        assert_eq!(response.status(), status);
        let retry_after =
            response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(retry_after.as_deref(), (status == 429).then_some("3"));
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], code);
    }
    // Only Twilio's account had these rules.
    assert_eq!(running.whatsapp(ACCESS_TOKEN, &text_message(Uuid::now_v7())).await.unwrap().status(), 200);
    for (rule, message, codes) in [
        (json!({ "share429": 1.0 }), text_message(Uuid::now_v7()), vec![130_429, 131_056]),
        (json!({ "share500": 1.0 }), text_message(Uuid::now_v7()), vec![131_000]),
        (json!({ "share503": 1.0 }), text_message(Uuid::now_v7()), vec![2]),
        (json!({ "shareRefused": 1.0 }), text_message(Uuid::now_v7()), vec![131_047]),
        (json!({ "shareRefused": 1.0 }), template_message(Uuid::now_v7()), vec![132_001]),
    ] {
        running.set_faults(rules(NUMBER_ID, rule)).await;
        let response = running.whatsapp(ACCESS_TOKEN, &message).await.unwrap();
        assert!(!response.status().is_success());
        let body: Value = response.json().await.unwrap();
        let code = body["error"]["code"].as_i64().unwrap();
        assert!(codes.contains(&code), "{body}");
    }
    assert_eq!(running.journal().len(), 1);
}

#[tokio::test]
async fn a_connection_is_cut_before_acceptance_or_after_it() {
    let running = Running::start().await;
    let receiver = Receiver::start(&[]).await;
    let (before, after) = (Uuid::now_v7(), Uuid::now_v7());
    running.set_faults(rules(SID, json!({ "shareCutBefore": 1.0 }))).await;
    let error = running.sms(&sms_fields(&receiver.callback(before))).await.unwrap_err();
    assert!(error.is_request() && !error.is_connect(), "{error:?}");
    assert!(running.journal().is_empty());

    running.set_faults(rules(SID, json!({ "shareCutAfter": 1.0 }))).await;
    let error = running.sms(&sms_fields(&receiver.callback(after))).await.unwrap_err();
    assert!(error.is_request() && !error.is_connect(), "{error:?}");
    let journal = running.journal();
    assert_eq!(journal.len(), 1);
    assert_eq!(journal[0].message_id, after.to_string());
    // That is how the truth comes out.
    let told = receiver.wait_for(2).await;
    assert!(told.iter().all(|told| told.uri.query() == Some(format!("message={after}").as_str())));
    let answered = &running.ask("/journal/summary").await["answered"];
    assert_eq!(*answered, json!({ "cutBefore": 1, "cutAfter": 1 }));
}

#[tokio::test]
async fn latency_comes_before_acceptance_and_slowness_after_it_and_the_dead_say_nothing() {
    let running = Running::start().await;
    let callback = format!("http://127.0.0.1:9/report?message={}", Uuid::now_v7());
    let soon = Duration::from_millis(150);
    for (rule, is_accepted) in [
        (json!({ "latencyMs": [60_000, 60_000] }), false),
        (json!({ "dead": true }), false),
        (json!({ "slowMs": 60_000 }), true),
    ] {
        let lines_before = running.journal().len();
        running.set_faults(rules("*", rule)).await;
        let fields = sms_fields(&callback);
        let sending = tokio::time::timeout(soon, running.sms(&fields)).await;
        assert!(sending.is_err(), "answered: {sending:?}");
        assert_eq!(running.journal().len() > lines_before, is_accepted);
    }
    running.set_faults(rules("*", json!({ "latencyMs": [100, 120], "slowMs": 50 }))).await;
    let begin = Instant::now();
    assert_eq!(running.sms(&sms_fields(&callback)).await.unwrap().status(), 201);
    assert!(begin.elapsed() >= Duration::from_millis(150), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn connections_are_really_refused_and_accepted_again() {
    let running = Running::start().await;
    let callback = format!("http://127.0.0.1:9/report?message={}", Uuid::now_v7());
    assert_eq!(running.sms(&sms_fields(&callback)).await.unwrap().status(), 201);
    let mut faults = quiet_reports();
    faults["refuseConnections"] = json!(true);
    running.set_faults(faults).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = running.sms(&sms_fields(&callback)).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    running.set_faults(quiet_reports()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(running.sms(&sms_fields(&callback)).await.unwrap().status(), 201);
    assert_eq!(running.journal().len(), 2);
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused_by_name_and_change_nothing() {
    let running = Running::start().await;
    let before = running.ask("/faults").await;
    for (faults, place) in [
        (json!({ "rules": { "AC1": { "share429": 2.0 } } }), "/rules/AC1/share429"),
        (json!({ "rules": { "AC1": { "share": 0.2 } } }), "share"),
        (json!({ "reports": { "delayMs": [9, 1] } }), "/reports/delayMs"),
    ] {
        let response =
            running.http.put(format!("{}/faults", running.base)).json(&faults).send().await.unwrap();
        assert_eq!(response.status(), 422);
        let text = response.text().await.unwrap();
        assert!(text.contains(place), "{text}");
    }
    assert_eq!(running.ask("/faults").await, before);
}
