//! Unsubscribe links.

use reqwest::Method;
use uuid::Uuid;
use vendzz_connectors::webhooks::{UnsubscribeKey, unsubscribe_url};

use crate::harness::{Answer, Database, LedgerRow, PUBLIC_URL, Service, UNSUBSCRIBE_KEY};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

fn path(key: &[u8], id: Uuid) -> String {
    let key = UnsubscribeKey::of_bytes(key).unwrap();
    let url = unsubscribe_url(&PUBLIC_URL.parse().unwrap(), &key, id);
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

fn email() -> LedgerRow {
    let recipient = "Ana.Souza@exemplo.com";
    LedgerRow { channel: "email", recipient, provider: Some("mail"), ..LedgerRow::sms("sent") }
}

async fn show(service: &Service, path: &str, language: &str) -> Answer {
    let url = format!("{}{path}", service.public);
    service.ask(Method::GET, &url, &[("accept-language", language)], "").await
}

#[tokio::test]
async fn a_link_asks_first_and_suppresses_on_the_button_or_one_click() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let id = database.insert(email()).await;
    let link = path(UNSUBSCRIBE_KEY, id);
    for (language, tag, button) in [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR", "Cancelar inscrição"),
        ("en-US", "en", "Unsubscribe"),
        ("es-AR, en;q=0.2", "es", "Cancelar suscripción"),
        ("de", "pt-BR", "Cancelar inscrição"),
    ] {
        let page = show(&service, &link, language).await.expect(200);
        assert!(page.text.contains(button) && page.text.contains(&format!("lang=\"{tag}\"")), "{page:?}");
        assert!(!page.text.contains("exemplo.com"));
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-robots-tag", "noindex"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(page.headers[name], value);
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    }
    service.ask(Method::HEAD, &format!("{}{link}", service.public), &[], "").await.expect(200);
    assert!(database.suppressed().await.is_empty(), "scanners follow every link");

    service.post(&link, &[], ONE_CLICK).await.expect(200);
    let expected = ("email".to_owned(), "ana.souza@exemplo.com".to_owned(), "unsubscribed".to_owned());
    assert_eq!(database.suppressed().await, [expected]);
    let multipart =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let again = service.post(&link, &[("content-type", "multipart/form-data; boundary=b")], multipart).await;
    assert!(again.expect(200).text.contains("Pronto"));
    assert_eq!(
        database.audit().await,
        [("suppressed".to_owned(), "unsubscribed".to_owned(), "unsubscribe-link".to_owned())]
    );
    service.post(&link, &[], "").await.expect(400);
}

#[tokio::test]
async fn a_forged_link_is_not_found() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let id = database.insert(email()).await;
    let good = path(UNSUBSCRIBE_KEY, id);
    let other_key = path(b"another key of thirty-two bytes!", id);
    let mut changed = good.clone();
    changed.replace_range(15..16, if &good[15..16] == "A" { "B" } else { "A" });
    let mut links = vec![other_key, changed, format!("{good}A"), good[..good.len() - 1].to_owned()];
    links.extend([
        "/unsubscribe/x".to_owned(),
        format!("/unsubscribe/{id}"),
        "/unsubscribe/%C3%A9".to_owned(),
    ]);
    for link in links {
        show(&service, &link, "pt").await.expect(404);
        service.post(&link, &[], ONE_CLICK).await.expect(404);
    }
    // Of this installation, but of no message in the ledger.
    service.post(&path(UNSUBSCRIBE_KEY, Uuid::now_v7()), &[], ONE_CLICK).await.expect(404);
    assert!(database.suppressed().await.is_empty());
    service.post(&good, &[], ONE_CLICK).await.expect(200);
    assert_eq!(database.suppressed().await.len(), 1);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_was_not_recorded() {
    let service = Service::spawn("postgres://vendzz@127.0.0.1:9/x", &[]);
    let answer = service.post(&path(UNSUBSCRIBE_KEY, Uuid::now_v7()), &[], ONE_CLICK).await.expect(503);
    assert!(answer.text.contains("Ainda não"));
}
