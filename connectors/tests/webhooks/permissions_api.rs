//! The API of consent and suppression.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Database, Service};

#[tokio::test]
async fn a_suppression_is_put_read_and_lifted_with_its_audit() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let place = "conta-1/suppressions/sms/+5511987654321";
    assert_eq!(service.api(Method::GET, place, "").await.expect(404).problem(), "not_recorded");
    let made = service.api(Method::PUT, place, r#"{"reason": "provider"}"#).await.expect(201).json();
    assert_eq!((&made["contact"], &made["reason"]), (&json!("+5511987654321"), &json!("provider")));
    let again =
        service.api(Method::PUT, "conta-1/suppressions/sms/(11)%2098765-4321", "").await.expect(200).json();
    assert_eq!(again, made, "the first reason and time stay");
    assert_eq!(service.api(Method::GET, place, "").await.expect(200).json(), made);
    service.api(Method::GET, "conta-2/suppressions/sms/+5511987654321", "").await.expect(404);
    service.api(Method::DELETE, place, "").await.expect(204);
    service.api(Method::DELETE, place, "").await.expect(404);
    let audit =
        service.api(Method::GET, "conta-1/audit?contact=%2B5511987654321", "").await.expect(200).json();
    let entries: Vec<(&Value, &Value, &Value)> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["action"], &entry["reason"], &entry["actor"]))
        .collect();
    let of = |action: &str, reason: &str| (json!(action), json!(reason), json!("api"));
    let expected = [of("suppressed", "provider"), of("unsuppressed", "person")];
    assert_eq!(entries, expected.iter().map(|entry| (&entry.0, &entry.1, &entry.2)).collect::<Vec<_>>());
    let first = service.api(Method::GET, "conta-1/audit?contact=%2B5511987654321&limit=1", "").await.json();
    let next = first["next"].as_str().unwrap();
    let second = format!("conta-1/audit?contact=%2B5511987654321&limit=1&after={next}");
    assert_eq!(service.api(Method::GET, &second, "").await.json()["items"][0], audit["items"][1]);
}

#[tokio::test]
async fn a_consent_is_granted_and_withdrawn() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let place = "conta-1/consents/whatsapp/+5511987654321";
    service.api(Method::DELETE, place, "").await.expect(404);
    let granted = r#"{"state": "granted", "source": "Formulário da loja"}"#;
    let made = service.api(Method::PUT, place, granted).await.expect(201).json();
    assert_eq!((&made["state"], &made["source"]), (&json!("granted"), &json!("Formulário da loja")));
    let again = r#"{"state": "granted", "source": "outro"}"#;
    assert_eq!(service.api(Method::PUT, place, again).await.expect(200).json(), made);
    service.api(Method::DELETE, place, "").await.expect(204);
    assert_eq!(service.api(Method::GET, place, "").await.expect(200).json()["state"], "withdrawn");
    let actions: Vec<(String, String)> =
        database.audit().await.into_iter().map(|(action, reason, _)| (action, reason)).collect();
    let expected = [("granted", "Formulário da loja"), ("withdrawn", "api")];
    assert_eq!(actions, expected.map(|(action, reason)| (action.to_owned(), reason.to_owned())));
    for body in [
        "",
        "{",
        "{}",
        r#"{"state": "given", "source": "x"}"#,
        r#"{"state": "granted", "source": " "}"#,
        r#"{"state": "granted", "source": "x", "more": 1}"#,
        r#"{"state": "granted"}"#,
        "[]",
    ] {
        let status = service.api(Method::PUT, place, body).await.status;
        assert!(status == 400 || status == 422, "{body}: {status}");
    }
}

#[tokio::test]
async fn lists_come_page_by_page_and_whole() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let contact = format!("+551198765430{number}");
        service.api(Method::PUT, &format!("conta-1/suppressions/sms/{contact}"), "").await.expect(201);
        expected.push(contact);
    }
    service.api(Method::PUT, "conta-1/suppressions/email/ana@exemplo.com", "").await.expect(201);
    service.api(Method::PUT, "conta-2/suppressions/sms/+5511987654399", "").await.expect(201);
    let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page =
            service.api(Method::GET, &format!("conta-1/suppressions?channel=sms&limit=3{after}"), "").await;
        let page = page.expect(200).json();
        let contact = |item: &Value| item["contact"].as_str().unwrap().to_owned();
        found.extend(page["items"].as_array().unwrap().iter().map(contact));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!((found, pages), (expected, 3));
    let all = service.api(Method::GET, "conta-1/suppressions", "").await.expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 8);
    assert_eq!(
        service.api(Method::GET, "conta-1/consents", "").await.expect(200).json(),
        json!({"items": []})
    );
}

#[tokio::test]
async fn who_has_no_token_and_what_cannot_be_is_refused() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let url = format!("{}/api/accounts/conta-1/suppressions", service.api);
    for headers in [&[][..], &[("authorization", "Bearer nothing")], &[("authorization", "Basic x")]] {
        let answer = service.ask(Method::GET, &url, headers, "").await.expect(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    // The public listener knows nothing of it.
    service.get(&format!("{}/api/accounts/conta-1/suppressions", service.public)).await.expect(404);
    for path in [
        "conta-1/suppressions/fax/+5511987654321",
        "conta-1/suppressions/sms/98765",
        "Conta/suppressions",
        "conta-1/suppressions/email/+5511987654321",
        "conta-1/consents/sms/%FF",
        "conta-1/suppressions?page=2",
        "conta-1/suppressions?limit=0",
        "conta-1/suppressions?after=x",
        "conta-1/audit",
        "conta-1/audit?contact=x",
        "conta-1/audit?contact=ana@exemplo.com&after=x",
    ] {
        let answer = service.api(Method::GET, path, "").await.expect(400);
        assert!(!answer.text.contains("98765"), "{path}");
    }
    service
        .api(Method::PUT, "conta-1/suppressions/sms/+5511987654321", r#"{"reason": "whim"}"#)
        .await
        .expect(422);
    service.api(Method::POST, "conta-1/suppressions", "").await.expect(405);
    service.api(Method::GET, "conta-1/nothing", "").await.expect(404);
    assert!(database.suppressed().await.is_empty());
}
