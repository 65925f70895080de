//! Delivery reports: what they move, and what they never move.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Database, LedgerRow, Service};

#[tokio::test]
async fn a_report_moves_a_message_once_and_a_replay_changes_nothing() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let id = database.insert(LedgerRow::sms("sending")).await;
    for _ in 0..3 {
        service.report(id, "MessageSid=SM1&MessageStatus=delivered&SmsSid=SM1").await.expect(200);
    }
    let row = database.row(id).await;
    assert_eq!((row.state.as_str(), row.report.as_deref()), ("sent", Some("delivered")));
    assert_eq!((row.provider_ref.as_deref(), row.events, row.reason), (Some("SM1"), 1, None));
    let events = database.events(id).await;
    let mut expected = json!({
        "message_id": id.to_string(), "number": 1, "account_id": "conta-1", "quiz_id": "quiz-1",
        "response_id": id.to_string(), "campaign_id": "campanha-1", "revision": "r1", "step_id": "passo-1",
        "channel": "sms", "what": "delivered", "reason": "", "provider": "twilio", "provider_ref": "SM1",
        "attempt": 1,
    });
    expected["happened_at"] = events[0]["happened_at"].clone();
    assert_eq!(events, [expected]);
    let is_same =
        "SELECT happened_at = to_timestamp((event->>'happened_at')::bigint / 1000.0) AND published_at IS NULL
        FROM sending.delivery_events";
    let is_same: bool = sqlx::query_scalar(is_same).fetch_one(&mut database.connect().await).await.unwrap();
    assert!(is_same);
    assert_eq!(tallies(&database).await, json!({"delivered": 1, "sent": 1}));

    // A lower one says nothing new; a higher one is another event, and the state stays.
    service.report(id, "MessageSid=SM1&MessageStatus=sent").await.expect(200);
    assert_eq!(database.row(id).await.events, 1);
    service.report(id, "MessageSid=SM1&MessageStatus=read").await.expect(200);
    assert_eq!(database.row(id).await.report.as_deref(), Some("read"));
    assert_eq!(tallies(&database).await, json!({"read": 1, "sent": 1}));
}

#[tokio::test]
async fn the_order_of_reports_does_not_matter() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let statuses = ["sent", "undelivered", "delivered", "read"];
    let mut sent = 0;
    for first in 0..statuses.len() {
        for direction in [1, statuses.len() - 1] {
            for state in ["sending", "unknown"] {
                let id = database.insert(LedgerRow::sms(state)).await;
                for step in 0..statuses.len() {
                    let status = statuses[(first + step * direction) % statuses.len()];
                    let form = format!("MessageSid=SM1&MessageStatus={status}&ErrorCode=30003");
                    service.report(id, &form).await.expect(200);
                }
                let row = database.row(id).await;
                assert_eq!(
                    (row.state.as_str(), row.report.as_deref()),
                    ("sent", Some("read")),
                    "{first} {direction}"
                );
                assert_eq!(row.reason, None);
                assert_eq!(database.events(id).await.len(), usize::try_from(row.events).unwrap());
                sent += 1;
            }
        }
    }
    let failed = database.insert(LedgerRow::sms("sending")).await;
    for status in ["undelivered", "sent", "undelivered"] {
        let form = format!("MessageSid=SM1&MessageStatus={status}&ErrorCode=30003");
        service.report(failed, &form).await.expect(200);
    }
    let row = database.row(failed).await;
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("failed", Some("carrier_30003")));
    assert_eq!(database.events(failed).await[0]["reason"], "carrier_30003");
    let tallies = tallies(&database).await;
    // What was taken out of `unknown` was never counted there by this test.
    assert_eq!((&tallies["sent"], &tallies["failed"]), (&json!(sent), &json!(1)));
    assert_eq!(tallies["unknown"], json!(-sent / 2));
}

#[tokio::test]
async fn reports_at_the_same_time_are_applied_one_after_the_other() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    for _ in 0..10 {
        let id = database.insert(LedgerRow::sms("sending")).await;
        let form = |status: &str| format!("MessageSid=SM1&MessageStatus={status}");
        let (delivered, undelivered) = (form("delivered"), form("undelivered"));
        let answers = tokio::join!(
            service.report(id, &delivered),
            service.report(id, &delivered),
            service.report(id, &undelivered),
            service.report(id, &undelivered),
        );
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            answer.expect(200);
        }
        let row = database.row(id).await;
        assert_eq!((row.state.as_str(), row.report.as_deref()), ("sent", Some("delivered")));
        let events = database.events(id).await;
        let numbers: Vec<&Value> = events.iter().map(|event| &event["number"]).collect();
        assert!(numbers == [&json!(1)] || numbers == [&json!(1), &json!(2)], "{events:?}");
        assert_eq!(events.last().unwrap()["what"], "delivered");
        assert_eq!(usize::try_from(row.events).unwrap(), events.len());
    }
    let tallies = tallies(&database).await;
    assert_eq!((&tallies["sent"], &tallies["failed"]), (&json!(10), &Value::Null));
}

#[tokio::test]
async fn what_no_provider_can_have_and_what_it_refused_is_not_moved() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    for state in ["waiting", "leased", "skipped"] {
        let id = database.insert(LedgerRow::sms(state)).await;
        let before = database.row(id).await;
        service.report(id, "MessageSid=SM1&MessageStatus=delivered").await.expect(200);
        assert_eq!(database.row(id).await, before);
        assert!(database.events(id).await.is_empty());
        service.wait_for_log("\"outcome\":\"never_sent\"").await;
    }
    let id = database.insert(LedgerRow::sms("sending")).await;
    database.refuse(id).await;
    service.report(id, "MessageSid=SM1&MessageStatus=delivered").await.expect(200);
    let row = database.row(id).await;
    assert_eq!((row.state.as_str(), row.report.as_deref()), ("failed", Some("delivered")));
    assert_eq!(database.events(id).await.len(), 2);
    assert_eq!(tallies(&database).await, json!({"delivered": 1}));
}

#[tokio::test]
async fn a_report_of_something_else_is_answered_and_has_no_effect() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let known = LedgerRow { provider_ref: Some("SM1"), ..LedgerRow::sms("sent") };
    let id = database.insert(known).await;
    let before = database.row(id).await;
    let delivered = "MessageSid=SM1&MessageStatus=delivered";
    service.report(id, "MessageSid=SM2&MessageStatus=undelivered").await.expect(200);
    service.report(Uuid::now_v7(), delivered).await.expect(200);
    service.report(id, "MessageSid=SM1&MessageStatus=teleported").await.expect(200);
    let of_other = format!("/webhooks/conta-2/twilio/report?message={id}");
    service.twilio_with("token-of-conta-2", &of_other, delivered.as_bytes()).await.expect(200);
    let by_meta = json!({"entry": [{"changes": [{"value": {"statuses": [
        {"id": "SM1", "status": "read", "biz_opaque_callback_data": id.to_string()}]}}]}]});
    service.meta(&by_meta.to_string()).await.expect(200);
    assert_eq!(database.row(id).await, before);
    assert!(database.events(id).await.is_empty());
    for outcome in ["mismatch", "unknown_message", "unknown_status", "other_account"] {
        service.wait_for_log(&format!("\"outcome\":\"{outcome}\"")).await;
    }
    assert!(!service.log().contains("teleported"), "a stranger's word stands in the log");
}

#[tokio::test]
async fn calls_and_whatsapp_messages_are_reported_as_well() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let call = database.insert(LedgerRow { channel: "voice", ..LedgerRow::sms("sending") }).await;
    for status in ["initiated", "ringing", "no-answer"] {
        service.report(call, &format!("CallSid=CA1&CallStatus={status}")).await.expect(200);
    }
    let row = database.row(call).await;
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("failed", Some("no_answer")));
    let whatsapp = || LedgerRow { channel: "whatsapp", provider: Some("meta"), ..LedgerRow::sms("unknown") };
    let (read, failed) = (database.insert(whatsapp()).await, database.insert(whatsapp()).await);
    let status = |id: Uuid, status: &str, reference: &str| {
        json!({"id": reference, "status": status, "timestamp": "1", "recipient_id": "5511987654321",
            "biz_opaque_callback_data": id.to_string(), "errors": [{"code": 131026, "title": "Undeliverable"}]})
    };
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
        {"field": "messages", "value": {"statuses": [
            status(read, "sent", "wamid.1"), status(read, "read", "wamid.1"), 7, {"id": "x", "status": "sent"}]}},
        {"field": "messages", "value": {"statuses": [status(failed, "failed", "wamid.2")]}}]}]});
    for _ in 0..2 {
        service.meta(&body.to_string()).await.expect(200);
    }
    let row = database.row(read).await;
    assert_eq!((row.state.as_str(), row.report.as_deref()), ("sent", Some("read")));
    assert_eq!((row.provider_ref.as_deref(), row.events), (Some("wamid.1"), 2));
    let row = database.row(failed).await;
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("failed", Some("carrier_131026")));
}

/// "Webhooks payloads can be up to 3MB", says Meta.
#[tokio::test]
async fn three_megabytes_from_meta_are_taken() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let whatsapp = LedgerRow { channel: "whatsapp", provider: Some("meta"), ..LedgerRow::sms("sending") };
    let id = database.insert(whatsapp).await;
    let status = json!({"id": "wamid.1", "status": "delivered", "biz_opaque_callback_data": id.to_string()});
    let long = json!({"id": "x".repeat(3_000_000), "status": "sent"});
    let body = json!({"entry": [{"changes": [{"value": {"statuses": [long, status]}}]}]});
    service.meta(&body.to_string()).await.expect(200);
    let row = database.row(id).await;
    assert_eq!((row.state.as_str(), row.report.as_deref()), ("sent", Some("delivered")));
}

async fn tallies(database: &Database) -> Value {
    serde_json::to_value(database.tallies().await).unwrap()
}
