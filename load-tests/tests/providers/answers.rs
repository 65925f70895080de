use serde_json::{Value, json};
use uuid::Uuid;
use vendzz_load_tests::providers::{Channel, Provider, hash_of_recipient};

use crate::harness::{
    ACCESS_TOKEN, AUTH_TOKEN, NUMBER_ID, Running, SID, TO, sms_fields, template_message, text_message,
};

fn is_sid(text: &Value, prefix: &str) -> bool {
    let Some(rest) = text.as_str().and_then(|text| text.strip_prefix(prefix)) else { return false };
    rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[tokio::test]
async fn a_message_a_call_and_a_whatsapp_message_are_answered_as_documented_and_journalled() {
    let running = Running::start().await;
    let ids = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let callback = |id| format!("http://127.0.0.1:9/report?message={id}");

    let response = running.sms(&sms_fields(&callback(ids[0]))).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (201, &"application/json".parse().unwrap())
    );
    let message: Value = response.json().await.unwrap();
    assert!(is_sid(&message["sid"], "SM"), "{message}");
    for (field, expected) in [
        ("account_sid", json!(SID)),
        ("api_version", json!("2010-04-01")),
        ("body", json!("Olá, tudo bem?")),
        ("direction", json!("outbound-api")),
        ("error_code", Value::Null),
        ("num_segments", json!("1")),
        ("status", json!("queued")),
        ("to", json!(TO)),
    ] {
        assert_eq!(message[field], expected, "{field}");
    }

    let call = [
        ("To", TO),
        ("From", "+551133330000"),
        ("Twiml", "<Response/>"),
        ("StatusCallback", &callback(ids[1])),
    ];
    let response = running.twilio("Calls.json", AUTH_TOKEN, &call).await.unwrap();
    assert_eq!(response.status(), 201);
    let call: Value = response.json().await.unwrap();
    assert!(is_sid(&call["sid"], "CA") && call["status"] == "queued", "{call}");

    let response = running.whatsapp(ACCESS_TOKEN, &template_message(ids[2])).await.unwrap();
    assert_eq!(response.status(), 200);
    let sent: Value = response.json().await.unwrap();
    assert_eq!(sent["contacts"], json!([{ "input": TO, "wa_id": "5511999990000" }]));
    assert!(sent["messages"][0]["id"].as_str().unwrap().starts_with("wamid."), "{sent}");

    let journal = running.journal();
    let journalled: Vec<_> = journal
        .iter()
        .map(|line| (line.provider, line.channel(), line.message_id.parse().unwrap()))
        .collect();
    assert_eq!(
        journalled,
        [
            (Provider::Twilio, Channel::Sms, ids[0]),
            (Provider::Twilio, Channel::Voice, ids[1]),
            (Provider::Meta, Channel::Whatsapp, ids[2]),
        ]
    );
    assert_eq!(message["sid"], journal[0].reference.as_str());
    assert_eq!(sent["messages"][0]["id"], journal[2].reference.as_str());
    assert!(journal.iter().all(|line| line.to_hash == hash_of_recipient(TO)));
    assert_eq!(journal[2].from, NUMBER_ID);
    let text = std::fs::read_to_string(running.folder.path().join("accepted.jsonl")).unwrap();
    assert!(!text.contains("5511999990000"), "the journal holds no contact");
}

/// Path, account, fields, and the status and code that are answered.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, u16, u32);

#[tokio::test]
async fn what_is_wrong_is_answered_with_the_documented_code_and_is_not_accepted() {
    let running = Running::start().await;
    let from = ("From", "+5511888880000");
    let cases: [Case; 8] = [
        ("Messages.json", "outro", sms_fields("http://127.0.0.1:9/r"), 401, 20003),
        ("Messages.json", AUTH_TOKEN, vec![("To", "12345"), from, ("Body", "x")], 400, 21211),
        ("Messages.json", AUTH_TOKEN, vec![from, ("Body", "x")], 400, 21604),
        ("Messages.json", AUTH_TOKEN, vec![("To", TO), ("Body", "x")], 400, 21603),
        ("Messages.json", AUTH_TOKEN, vec![("To", TO), from], 400, 21602),
        ("Messages.json", AUTH_TOKEN, sms_fields("http://example.com/r?message=1"), 400, 21609),
        ("Calls.json", AUTH_TOKEN, vec![("To", TO), from], 400, 21205),
        ("Calls.json", "", vec![("To", TO), from, ("Twiml", "x")], 401, 20003),
    ];
    for (resource, token, fields, status, code) in cases {
        let response = running.twilio(resource, token, &fields).await.unwrap();
        assert_eq!(response.status(), status, "{code}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(body["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
        assert!(body["message"].is_string());
    }
    let id = Uuid::now_v7();
    let with = |field: &str, value: Value| {
        let mut message = text_message(id);
        message[field] = value;
        message
    };
    for (token, message, status, code) in [
        ("outro", text_message(id), 401, 190),
        (ACCESS_TOKEN, with("messaging_product", json!("sms")), 400, 100),
        (ACCESS_TOKEN, with("to", json!("12")), 400, 131_009),
        (ACCESS_TOKEN, with("text", json!({})), 400, 100),
        (ACCESS_TOKEN, with("type", json!("dance")), 400, 100),
    ] {
        let response = running.whatsapp(token, &message).await.unwrap();
        assert_eq!(response.status(), status, "{code}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            (&body["error"]["code"], &body["error"]["type"]),
            (&json!(code), &json!("OAuthException"))
        );
    }
    assert!(running.journal().is_empty());
    let summary = running.ask("/journal/summary").await;
    assert_eq!((&summary["accepted"], &summary["answered"]), (&json!(0), &json!({ "400": 10, "401": 3 })));
}

#[tokio::test]
async fn an_id_that_is_accepted_twice_is_a_violation_whoever_accepts_it() {
    let running = Running::start().await;
    let (once, twice) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [once, twice] {
        let callback = format!("http://127.0.0.1:9/report?message={id}");
        assert_eq!(running.sms(&sms_fields(&callback)).await.unwrap().status(), 201);
    }
    assert_eq!(running.ask("/journal/summary").await["duplicateIds"], 0);
    assert_eq!(running.whatsapp(ACCESS_TOKEN, &text_message(twice)).await.unwrap().status(), 200);
    let summary = running.ask("/journal/summary").await;
    assert_eq!((&summary["accepted"], &summary["duplicates"]), (&json!(3), &json!([twice])));
    assert_eq!(summary["byProvider"], json!({ "twilio": 2, "meta": 1 }));
    let url = format!("{}/journal/accepted?provider=twilio", running.base);
    let ids = running.http.get(url).send().await.unwrap().text().await.unwrap();
    assert_eq!(ids, format!("{once}\n{twice}\n"));
}
