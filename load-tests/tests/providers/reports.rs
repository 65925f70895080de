use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::harness::{
    ACCESS_TOKEN, APP_SECRET, AUTH_TOKEN, NUMBER_ID, Receiver, Running, TO, Told, quiet_reports, sms_fields,
    text_message,
};

/// RFC 2104, step by step: both hashes have blocks of 64 bytes, and these keys are shorter.
fn hmac<D: Digest>(key: &[u8], text: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64);
    let padded =
        |pad: u8| -> Vec<u8> { (0..64).map(|place| key.get(place).copied().unwrap_or(0) ^ pad).collect() };
    let inner = D::digest([padded(0x36), text.to_vec()].concat());
    D::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

fn fields_of(told: &Told) -> BTreeMap<String, String> {
    form_urlencoded::parse(&told.body).into_owned().collect()
}

fn has_twilios_signature(told: &Told, base: &str) -> bool {
    // A BTreeMap is sorted by name already.
    let mut text = format!("{base}{}", told.uri);
    for (name, value) in fields_of(told) {
        text += &name;
        text += &value;
    }
    told.headers["x-twilio-signature"]
        == STANDARD.encode(hmac::<Sha1>(AUTH_TOKEN.as_bytes(), text.as_bytes()))
}

fn has_metas_signature(told: &Told) -> bool {
    let digest = hmac::<Sha256>(APP_SECRET.as_bytes(), &told.body);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    told.headers["x-hub-signature-256"] == format!("sha256={hex}")
}

#[tokio::test]
async fn an_sms_is_reported_sent_and_delivered_under_twilios_signature() {
    let (running, receiver) = (Running::start().await, Receiver::start(&[]).await);
    let id = Uuid::now_v7();
    // What stands behind # is for Twilio alone: not signed, not asked for.
    let callback = format!("{}#rc=5&rp=5xx,ct,rt", receiver.callback(id));
    let response = running.sms(&sms_fields(&callback)).await.unwrap();
    let message: Value = response.json().await.unwrap();
    let told = receiver.wait_for(2).await;
    assert_eq!(told.len(), 2);
    for (told, status) in told.iter().zip(["sent", "delivered"]) {
        assert!(has_twilios_signature(told, &receiver.base), "{told:?}");
        assert_eq!(told.uri.to_string(), format!("/webhooks/conta/tw/report?message={id}"));
        let fields = fields_of(told);
        assert_eq!((fields["MessageStatus"].as_str(), fields["SmsStatus"].as_str()), (status, status));
        assert_eq!(
            (fields["MessageSid"].as_str(), fields["To"].as_str()),
            (message["sid"].as_str().unwrap(), TO)
        );
    }
    let mut forged = told[0].clone();
    forged.body = String::from_utf8(forged.body).unwrap().replace("sent", "delivered").into_bytes();
    assert!(!has_twilios_signature(&forged, &receiver.base), "the check takes anything");
    let reports = running.ask("/reports/summary").await;
    assert_eq!(
        (&reports["acknowledged"], &reports["waiting"], &reports["sent"]),
        (&json!(2), &json!(0), &json!(2))
    );
}

#[tokio::test]
async fn a_call_is_reported_by_the_events_asked_for() {
    let (running, receiver) = (Running::start().await, Receiver::start(&[]).await);
    let callback = receiver.callback(Uuid::now_v7());
    let call = [
        ("To", TO),
        ("From", "+551133330000"),
        ("Twiml", "<Response/>"),
        ("StatusCallback", callback.as_str()),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ];
    assert_eq!(running.twilio("Calls.json", AUTH_TOKEN, &call).await.unwrap().status(), 201);
    let told = receiver.wait_for(2).await;
    let statuses: Vec<String> = told.iter().map(|told| fields_of(told)["CallStatus"].clone()).collect();
    assert_eq!(statuses, ["in-progress", "completed"]);
    assert!(told.iter().all(|told| has_twilios_signature(told, &receiver.base)));
}

#[tokio::test]
async fn whatsapp_is_reported_under_metas_signature_to_the_accounts_own_webhook() {
    let receiver = Receiver::start(&[]).await;
    let mut faults = quiet_reports();
    faults["reports"]["shareRead"] = json!(1.0);
    let webhook = format!("{}/webhooks/{{account}}/{{provider}}", receiver.base);
    let running = Running::with(Some(webhook), faults).await;
    let id = Uuid::now_v7();
    let response = running.whatsapp(ACCESS_TOKEN, &text_message(id)).await.unwrap();
    let sent: Value = response.json().await.unwrap();
    let told = receiver.wait_for(3).await;
    for (told, status) in told.iter().zip(["sent", "delivered", "read"]) {
        assert!(has_metas_signature(told), "{told:?}");
        assert_eq!(told.uri.path(), "/webhooks/conta/wa");
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(value["metadata"]["phone_number_id"], NUMBER_ID);
        let of_message = &value["statuses"][0];
        assert_eq!((&of_message["status"], &of_message["id"]), (&json!(status), &sent["messages"][0]["id"]));
        assert_eq!(of_message["biz_opaque_callback_data"], json!(id));
        assert!(of_message["timestamp"].is_string());
    }
    let mut forged = told[0].clone();
    forged.body.push(b' ');
    assert!(!has_metas_signature(&forged), "the check takes anything");
}

#[tokio::test]
async fn reports_come_twice_out_of_order_undelivered_and_again_until_they_are_acknowledged() {
    let busy = StatusCode::SERVICE_UNAVAILABLE;
    let receiver = Receiver::start(&[busy, busy]).await;
    let mut faults = quiet_reports();
    faults["reports"]["shareUndelivered"] = json!(1.0);
    faults["reports"]["shareOutOfOrder"] = json!(1.0);
    faults["reports"]["shareTwice"] = json!(1.0);
    let running = Running::with(None, faults).await;
    running.sms(&sms_fields(&receiver.callback(Uuid::now_v7()))).await.unwrap();
    let told = receiver.wait_for(3).await;
    let statuses: Vec<String> = told.iter().map(|told| fields_of(told)["MessageStatus"].clone()).collect();
    assert_eq!(
        statuses[..4],
        ["undelivered", "undelivered", "undelivered", "sent"],
        "refused twice, then taken"
    );
    assert_eq!(statuses.len(), 5, "{statuses:?}");
    assert_eq!(fields_of(&told[0])["ErrorCode"], "30005");
    let reports = running.ask("/reports/summary").await;
    assert_eq!((&reports["sent"], &reports["acknowledged"]), (&json!(5), &json!(3)));
}

#[tokio::test]
async fn withheld_reports_wait_and_come_afterwards() {
    let receiver = Receiver::start(&[]).await;
    let mut faults = quiet_reports();
    faults["reports"]["withhold"] = json!(true);
    let running = Running::with(None, faults).await;
    running.sms(&sms_fields(&receiver.callback(Uuid::now_v7()))).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reports = running.ask("/reports/summary").await;
    assert_eq!((&reports["sent"], &reports["waiting"]), (&json!(0), &json!(2)));
    running.set_faults(quiet_reports()).await;
    assert_eq!(receiver.wait_for(2).await.len(), 2);
}
