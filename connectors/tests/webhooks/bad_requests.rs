//! What is answered to requests that are not as they should be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use uuid::Uuid;
use vendzz_connectors::webhooks::{meta_signature, twilio_signature};

use crate::harness::{Database, LedgerRow, PUBLIC_URL, Service};

const DELIVERED: &str = "MessageSid=SM1&MessageStatus=delivered";

#[tokio::test]
async fn whatever_is_not_signed_gets_the_same_answer() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let id = database.insert(LedgerRow::sms("sending")).await;
    let path = |account: &str, provider: &str| format!("/webhooks/{account}/{provider}/report?message={id}");
    let ours = path("conta-1", "twilio");
    let signed = |token: &str, url: &str, form: &str| twilio_signature(token, url, form.as_bytes());
    let good = signed("token-of-conta-1", &format!("{PUBLIC_URL}{ours}"), DELIVERED);
    let wrong = [
        (ours.clone(), signed("token-of-conta-2", &format!("{PUBLIC_URL}{ours}"), DELIVERED)),
        // Signed for where it was really sent: the public URL is never taken from the request.
        (ours.clone(), signed("token-of-conta-1", &format!("{}{ours}", service.public), DELIVERED)),
        (ours.clone(), signed("token-of-conta-1", &format!("{PUBLIC_URL}{ours}"), "MessageSid=SM1")),
        (ours.clone(), String::new()),
        (ours.clone(), "not base64".to_owned()),
        // The signature of another message's report.
        (format!("/webhooks/conta-1/twilio/report?message={}", Uuid::now_v7()), good.clone()),
        (path("conta-9", "twilio"), good.clone()),
        (path("conta-1", "other"), good.clone()),
        (path("conta-1", "meta"), good.clone()),
        (path("conta-1", "mail"), good.clone()),
        (format!("{ours}&x=1"), good.clone()),
        (format!("/webhooks/conta-1/twilio/inbound?message={id}"), good.clone()),
    ];
    let first = service.post(&ours, &[], DELIVERED).await.expect(401);
    assert_eq!(first.problem(), "bad_signature");
    for (path, signature) in wrong {
        let answer = service.post(&path, &[("x-twilio-signature", &signature)], DELIVERED).await;
        assert_eq!(answer, first, "{path}");
    }
    let header = meta_signature("app-secret-1", b"{}");
    for (path, signature, body) in [
        ("/webhooks/conta-1/meta", header.as_str(), "{} "),
        ("/webhooks/conta-1/meta", &header.replace("sha256=", "sha1="), "{}"),
        ("/webhooks/conta-1/twilio", &header, "{}"),
        ("/webhooks/conta-9/meta", &header, "{}"),
        ("/webhooks/conta-1/%FF", &header, "{}"),
    ] {
        let answer = service.post(path, &[("x-hub-signature-256", signature)], body).await;
        if path.contains('%') {
            answer.expect(400);
            continue;
        }
        assert_eq!(answer, first, "{path}");
    }
    assert_eq!(database.row(id).await.state, "sending", "nothing was moved by any of them");
    service.post(&ours, &[("x-twilio-signature", &good)], DELIVERED).await.expect(200);
    assert_eq!(database.row(id).await.state, "sent");
}

#[tokio::test]
async fn meta_verifies_the_address_with_its_token() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let ask = async |account: &str, token: &str| {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=%3Cb%3E1158201444");
        service.get(&format!("{}/webhooks/{account}/meta?{query}", service.public)).await
    };
    let answer = ask("conta-1", "verify-1").await.expect(200);
    assert_eq!(answer.text, "<b>1158201444");
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let refused = ask("conta-1", "verify-2").await.expect(401);
    assert_eq!(ask("conta-9", "verify-1").await, refused);
    assert_eq!(service.get(&format!("{}/webhooks/conta-1/meta", service.public)).await, refused);
}

#[tokio::test]
async fn signed_requests_that_cannot_be_read_are_named() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let id = database.insert(LedgerRow::sms("sending")).await;
    for query in ["", "?message=", "?message=7", "?id=x"] {
        let answer = service.twilio(&format!("/webhooks/conta-1/twilio/report{query}"), DELIVERED).await;
        assert_eq!(answer.expect(400).problem(), "bad_callback", "{query}");
    }
    for form in
        ["", "&&&", "MessageSid=SM1", "MessageStatus=sent", "MessageSid=SM%2F1&MessageStatus=sent", "%%%=%"]
    {
        assert_eq!(service.report(id, form).await.expect(400).problem(), "bad_callback", "{form}");
    }
    let path = format!("/webhooks/conta-1/twilio/report?message={id}");
    for raw in [&b"MessageSid=SM1&MessageStatus=\xff"[..], b"MessageSid=SM1&MessageStatus=%ff"] {
        service.twilio_with("token-of-conta-1", &path, raw).await.expect(400);
    }
    service.twilio("/webhooks/conta-1/twilio/inbound", "Body=SAIR").await.expect(400);
    for body in ["", "{", "{\"entry\": [", "\u{feff}{}", "quero sair", "{} {}"] {
        let answer = service.meta(body).await.expect(400);
        assert_eq!(answer.problem(), "bad_json", "{body}");
        assert!(!answer.text.contains("quero"));
    }
    for body in [
        "null",
        "[]",
        "7",
        "{\"entry\": {}}",
        "{\"entry\": [{\"changes\": [{\"value\": {\"statuses\": [null]}}]}]}",
    ] {
        service.meta(body).await.expect(200);
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    service.meta(&deep).await.expect(400);
    assert_eq!(database.row(id).await.state, "sending");
}

#[tokio::test]
async fn places_and_methods_that_are_not_there_are_named() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    for path in
        ["", "/", "/webhooks", "/webhooks/conta-1", "/webhooks/a/b/c/d", "/unsubscribe", "/unsubscribe/a/b"]
    {
        let answer = service.get(&format!("{}{path}", service.public)).await.expect(404);
        assert_eq!(answer.problem(), "no_such_place", "{path}");
    }
    for (method, path, allow) in [
        (Method::PUT, "/webhooks/conta-1/meta", "GET, HEAD, POST"),
        (Method::GET, "/webhooks/conta-1/twilio/report", "POST"),
        (Method::DELETE, "/unsubscribe/x", "GET, HEAD, POST"),
    ] {
        let answer = service.ask(method, &format!("{}{path}", service.public), &[], "").await.expect(405);
        assert_eq!(answer.headers["allow"], allow, "{path}");
    }
}

#[tokio::test]
async fn a_huge_body_and_a_slow_one_are_cut() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[("VENDZZ_WEBHOOKS_BODY_TIMEOUT", "500ms")]).await;
    let largest = format!("a={}", "x".repeat(256 * 1024 - 2));
    service.twilio("/webhooks/conta-1/twilio/inbound", &largest).await.expect(400);
    let larger = format!("{largest}x");
    let answer = service.twilio("/webhooks/conta-1/twilio/inbound", &larger).await.expect(413);
    assert_eq!(answer.problem(), "body_too_large");
    service.meta(&"[".repeat(300_000)).await.expect(413);

    let address = service.public.strip_prefix("http://").unwrap().to_owned();
    let slow = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let head =
            "POST /webhooks/conta-1/twilio/report HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nMess";
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let began = Instant::now();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
    });
    let (status, took) = slow.await.unwrap();
    assert_eq!(status, "HTTP/1.1 408");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn without_postgresql_providers_are_told_to_come_again() {
    let service = Service::spawn("postgres://vendzz@127.0.0.1:9/x", &[]);
    let answer = service.report(Uuid::now_v7(), DELIVERED).await.expect(503);
    assert_eq!(
        (answer.problem().as_str(), answer.headers["retry-after"].to_str().unwrap()),
        ("store_away", "5")
    );
    let inbound = "From=%2B5511987654321&Body=SAIR&MessageSid=SM1";
    service.twilio("/webhooks/conta-1/twilio/inbound", inbound).await.expect(503);
    service.api(Method::GET, "conta-1/suppressions", "").await.expect(503);
    service.post("/webhooks/conta-1/twilio/report", &[], DELIVERED).await.expect(401);
}
