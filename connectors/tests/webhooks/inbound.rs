//! Inbound messages: opt-out words suppress, once for each message.

use serde_json::json;
use vendzz_connectors::permissions::{Actor, Contact, Key, Reason};
use vendzz_schemas::campaign::Channel;

use crate::harness::{Database, Service};

const INBOUND: &str = "/webhooks/conta-1/twilio/inbound";

fn suppression(channel: &str, contact: &str) -> (String, String, String) {
    (channel.to_owned(), contact.to_owned(), "opt_out".to_owned())
}

#[tokio::test]
async fn an_opt_out_word_suppresses_its_sender_whatever_its_form() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let ignored = ["não quero parar", "quero sair", "Oi!", "", "1", "sair?não"];
    for (number, text) in ignored.iter().enumerate() {
        let answer =
            service.twilio(INBOUND, &form("+5511987654321", text, &format!("SM{number}"))).await.expect(200);
        assert_eq!(answer.headers["content-type"], "text/xml");
        assert!(answer.text.ends_with("<Response/>"), "{answer:?}");
    }
    assert!(database.suppressed().await.is_empty());
    assert!(database.audit().await.is_empty());
    let words =
        ["SAIR", "sair", " Parar! ", "Cancelár.", "STOP", "stop\n", "UNSUBSCRIBE", "end", "Quit", "SAIR 🙏"];
    let mut expected = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let from = format!("+55119876543{number:02}");
        service.twilio(INBOUND, &form(&from, word, &format!("SMx{number}"))).await.expect(200);
        expected.push(suppression("sms", &from));
    }
    assert_eq!(database.suppressed().await, expected);
    let audit = database.audit().await;
    assert_eq!(audit.len(), words.len());
    assert!(audit.iter().all(|entry| *entry == ("suppressed".into(), "opt_out".into(), "webhook".into())));
}

#[tokio::test]
async fn one_message_is_acted_upon_once() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    let sair = form("+5511987654321", "SAIR", "SM1");
    let answers = tokio::join!(service.twilio(INBOUND, &sair), service.twilio(INBOUND, &sair));
    answers.0.expect(200);
    answers.1.expect(200);
    assert_eq!(database.suppressed().await, [suppression("sms", "+5511987654321")]);
    assert_eq!(database.audit().await.len(), 1);

    // Whoever comes back stays, however often the old message is sent again.
    let contact = Contact::parse(Channel::Sms, "+5511987654321").unwrap();
    let key = Key { account_id: "conta-1".to_owned(), channel: Channel::Sms, contact };
    assert!(database.permissions().lift(&key, Reason::Person, &Actor::api()).await.unwrap());
    service.twilio(INBOUND, &sair).await.expect(200);
    assert!(database.suppressed().await.is_empty());
    service.twilio(INBOUND, &form("+5511987654321", "SAIR", "SM2")).await.expect(200);
    assert_eq!(database.suppressed().await.len(), 1);
    let actions: Vec<String> = database.audit().await.into_iter().map(|entry| entry.0).collect();
    assert_eq!(actions, ["suppressed", "unsuppressed", "suppressed"]);
}

#[tokio::test]
async fn whatsapp_and_twilios_own_opt_outs_count_and_short_codes_do_not() {
    let database = Database::new().await;
    let service = Service::start(&database.url(), &[]).await;
    // An account of WhatsApp from before the ninth digit.
    let message = |id: &str, from: &str, content: serde_json::Value| {
        let mut message = json!({"from": from, "id": id, "timestamp": "1"});
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        message
    };
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages",
        "value": {"contacts": [{"profile": {"name": "Ana"}, "wa_id": "551187654321"}], "messages": [
            message("wamid.1", "551187654321", json!({"type": "text", "text": {"body": "sair"}})),
            message("wamid.2", "14155552671", json!({"type": "button", "button": {"text": "Parar", "payload": "p"}})),
            message("wamid.3", "14155552672", json!({"type": "text", "text": {"body": "quero sair"}})),
            message("wamid.4", "14155552673", json!({"type": "image", "image": {"id": "1"}}))]}}]}]});
    for _ in 0..2 {
        service.meta(&body.to_string()).await.expect(200);
    }
    let twilio_whatsapp = form("whatsapp:+5511987654322", "STOP", "SM1");
    service.twilio(INBOUND, &twilio_whatsapp).await.expect(200);
    let by_twilio = format!("{}&OptOutType=STOP", form("+5511987654323", "Basta", "SM2"));
    service.twilio(INBOUND, &by_twilio).await.expect(200);
    service.twilio(INBOUND, &form("27123", "STOP", "SM3")).await.expect(200);
    assert_eq!(
        database.suppressed().await,
        [
            suppression("sms", "+5511987654323"),
            suppression("whatsapp", "+14155552671"),
            suppression("whatsapp", "+5511987654321"),
            suppression("whatsapp", "+5511987654322"),
        ]
    );
    service.wait_for_log("\"outcome\":\"bad_contact\"").await;
}

fn form(from: &str, body: &str, reference: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("MessageSid", reference).append_pair("From", from).append_pair("Body", body);
    form.append_pair("To", "+551140000001").append_pair("NumMedia", "0").finish()
}
