//! Meta's webhooks of WhatsApp's Cloud API: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
//! (verification, signature) and https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks
//! (statuses and messages).

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::report::{RankedReport, Report, carrier_reason};

/// Names of WhatsApp messages (`wamid.…`) have 50 to 150 bytes.
const MAX_REFERENCE_BYTES: usize = 256;

/// `X-Hub-Signature-256`: `sha256=` and the hexadecimal HMAC-SHA256, under the app's secret, over the body as it came.
pub fn signature(app_secret: &str, body: &[u8]) -> String {
    let mut text = "sha256=".to_owned();
    for byte in digest(app_secret, body) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn digest(app_secret: &str, body: &[u8]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// `app_secret` is absent for an account or provider that does not exist: that takes as long, and is never true.
pub(super) fn is_signed(app_secret: Option<&str>, body: &[u8], header: Option<&[u8]>) -> bool {
    let expected = signature(app_secret.unwrap_or("nobody"), body);
    let is_right = header.unwrap_or_default().ct_eq(expected.as_bytes());
    bool::from(is_right) && app_secret.is_some()
}

/// The challenge of a verification request, when it knows the token.
pub(super) fn challenge<'a>(query: &'a [(String, String)], verify_token: Option<&str>) -> Option<&'a str> {
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let sent: [u8; 32] = Sha256::digest(get("hub.verify_token")?).into();
    let known: [u8; 32] = Sha256::digest(verify_token.unwrap_or("nobody")).into();
    let is_right = bool::from(sent.ct_eq(&known)) && verify_token.is_some();
    if !is_right || get("hub.mode")? != "subscribe" {
        return None;
    }
    get("hub.challenge").filter(|challenge| challenge.len() <= 1_024)
}

/// One thing that a body tells.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Told {
    Report(Report),
    Inbound {
        /// The sender's number with its country code, without `+`.
        from: String,
        text: String,
        /// The message's id.
        reference: String,
    },
    UnknownStatus,
    /// A status without an id of ours: of a message that was sent elsewhere.
    ForeignStatus,
    /// A part that does not look as it is documented.
    Unreadable,
}

/// Everything that a body tells; members that say nothing here are passed over.
pub(super) fn tellings(body: &Value) -> Vec<Told> {
    let mut told = Vec::new();
    for entry in items(&body["entry"]) {
        for change in items(&entry["changes"]) {
            let value = &change["value"];
            told.extend(items(&value["statuses"]).map(status));
            told.extend(items(&value["messages"]).map(message));
        }
    }
    told
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn reference_in(value: &Value) -> Option<&str> {
    let text = value["id"].as_str()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && (1..=MAX_REFERENCE_BYTES).contains(&text.len())).then_some(text)
}

fn status(status: &Value) -> Told {
    let (Some(reference), Some(word)) = (reference_in(status), status["status"].as_str()) else {
        return Told::Unreadable;
    };
    let report = match word {
        "sent" => RankedReport::Carried,
        "delivered" => RankedReport::Delivered,
        // Who played a voice message has opened it.
        "read" | "played" => RankedReport::Read,
        "failed" => RankedReport::Undelivered,
        _ => return Told::UnknownStatus,
    };
    let ours = status["biz_opaque_callback_data"].as_str().filter(|text| text.len() == 36);
    let Some(message_id) = ours.and_then(|text| Uuid::try_parse(text).ok()) else {
        return Told::ForeignStatus;
    };
    let code = &status["errors"][0]["code"];
    let code = code.as_u64().map(|code| code.to_string());
    let reason = match report {
        RankedReport::Undelivered => carrier_reason(&code.unwrap_or_default()),
        _ => String::new(),
    };
    Told::Report(Report { message_id, report, reference: reference.to_owned(), reason })
}

fn message(message: &Value) -> Told {
    let (Some(reference), Some(from)) = (reference_in(message), message["from"].as_str()) else {
        return Told::Unreadable;
    };
    let text = message["text"]["body"]
        .as_str()
        .or_else(|| message["button"]["text"].as_str())
        .or_else(|| message["interactive"]["button_reply"]["title"].as_str())
        .unwrap_or_default();
    Told::Inbound { from: from.to_owned(), text: text.to_owned(), reference: reference.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "018f0000-0000-8000-8000-000000000001";

    fn tell(value: Value) -> Vec<Told> {
        tellings(&json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
            {"field": "messages", "value": value}]}]}))
    }

    fn of_status(status: Value) -> Told {
        tell(json!({"statuses": [status]})).remove(0)
    }

    #[test]
    fn a_body_is_signed_with_the_apps_secret() {
        // A value that others publish for this secret and body.
        let header = b"sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
        assert!(is_signed(Some("secret"), b"test", Some(header)));
        assert!(!is_signed(Some("secret"), b"test ", Some(header)));
        assert!(!is_signed(Some("secret2"), b"test", Some(header)));
        assert!(!is_signed(None, b"test", Some(header)));
        assert!(!is_signed(Some("secret"), b"test", None));
        assert!(!is_signed(Some("secret"), b"test", Some(&header[7..])));
        assert!(!is_signed(None, b"test", Some(signature("nobody", b"test").as_bytes())));
    }

    #[test]
    fn a_challenge_is_echoed_to_whom_knows_the_token() {
        let query = |mode: &str, token: &str| {
            [("hub.mode", mode), ("hub.verify_token", token), ("hub.challenge", "1158201444")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        assert_eq!(challenge(&query("subscribe", "meatyhamhock"), Some("meatyhamhock")), Some("1158201444"));
        assert_eq!(challenge(&query("subscribe", "meaty"), Some("meatyhamhock")), None);
        assert_eq!(challenge(&query("unsubscribe", "meatyhamhock"), Some("meatyhamhock")), None);
        assert_eq!(challenge(&query("subscribe", "nobody"), None), None);
        assert_eq!(challenge(&[], Some("meatyhamhock")), None);
    }

    #[test]
    fn statuses_and_messages_are_told_one_by_one() {
        for (word, expected) in [
            ("sent", RankedReport::Carried),
            ("delivered", RankedReport::Delivered),
            ("read", RankedReport::Read),
            ("played", RankedReport::Read),
        ] {
            let told = of_status(json!({"id": "wamid.1", "status": word, "recipient_id": "5511987654321",
                "biz_opaque_callback_data": ID, "errors": [{"code": 131026}]}));
            assert!(
                matches!(told, Told::Report(report) if report.report == expected && report.reason.is_empty())
            );
        }
        let failed = of_status(json!({"id": "wamid.1", "status": "failed", "biz_opaque_callback_data": ID,
            "errors": [{"code": 131026, "title": "Message undeliverable"}]}));
        let Told::Report(failed) = failed else { panic!("no report") };
        assert_eq!((failed.report, failed.reason.as_str()), (RankedReport::Undelivered, "carrier_131026"));
        assert_eq!((failed.reference.as_str(), failed.message_id.to_string().as_str()), ("wamid.1", ID));
        let inbound = tell(json!({"messages": [
            {"from": "551187654321", "id": "wamid.2", "type": "text", "text": {"body": "Sair"}},
            {"from": "551187654321", "id": "wamid.3", "type": "button", "button": {"text": "Parar", "payload": "x"}},
            {"from": "551187654321", "id": "wamid.4", "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Cancelar"}}},
            {"from": "551187654321", "id": "wamid.5", "type": "image", "image": {"id": "9"}}]}));
        let texts: Vec<&str> = inbound
            .iter()
            .map(|told| if let Told::Inbound { text, .. } = told { text.as_str() } else { "?" })
            .collect();
        assert_eq!(texts, ["Sair", "Parar", "Cancelar", ""]);
    }

    #[test]
    fn what_is_not_as_documented_harms_nothing_beside_it() {
        let is = |status: Value, expected: Told| assert!(of_status(status.clone()) == expected, "{status}");
        is(
            json!({"id": "wamid.1", "status": "deleted", "biz_opaque_callback_data": ID}),
            Told::UnknownStatus,
        );
        is(json!({"id": "wamid.1", "status": "sent"}), Told::ForeignStatus);
        is(
            json!({"id": "wamid.1", "status": "sent", "biz_opaque_callback_data": "theirs"}),
            Told::ForeignStatus,
        );
        is(json!({"status": "sent"}), Told::Unreadable);
        is(json!({"id": 7, "status": "sent"}), Told::Unreadable);
        is(json!({"id": "", "status": "sent"}), Told::Unreadable);
        is(json!(null), Told::Unreadable);
        for body in [json!(null), json!([]), json!({"entry": 1}), json!({"entry": [1, {"changes": [{}]}]})] {
            assert!(tellings(&body).is_empty(), "{body}");
        }
        assert_eq!(
            tell(json!({"statuses": [{"id": "w", "status": "sent", "biz_opaque_callback_data": ID}, 7]}))
                .len(),
            2
        );
    }
}
