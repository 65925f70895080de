#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::*;

const SECRETS: [&str; 5] =
    ["hidden-token", "hidden-access", "hidden-app", "hidden-verify", "hidden-password"];

fn document() -> Value {
    json!({"accounts": {"conta-escola-norte": {
        "timeZone": "America/Sao_Paulo",
        "consentRequired": ["whatsapp"],
        "providers": {
            "twilio": {"kind": "twilio", "baseUrl": "https://api.twilio.com/", "accountSid": "AC0123", "authToken": "hidden-token"},
            "meta": {"kind": "meta", "baseUrl": "https://graph.facebook.com/v23.0", "accessToken": "hidden-access",
                     "appSecret": "hidden-app", "verifyToken": "hidden-verify"},
            "mail": {"kind": "smtp", "host": "smtp.example.com", "port": 587, "tls": "starttls", "user": "u", "password": "hidden-password"},
        },
        "pools": {
            "sms": {"padrao": [{"id": "sms-1", "address": "+551140000001", "provider": "twilio", "perSecond": 2.5, "burst": 3},
                               {"id": "sms-2", "address": "Escola", "provider": "twilio"}]},
            "email": {"padrao": [{"id": "mail-1", "address": "Escola Norte <oi@escola.example>", "provider": "mail"}]},
            "whatsapp": {"padrao": [{"id": "wa-1", "address": "106540352242922", "provider": "meta"}]},
            "voice": {"padrao": [{"id": "voz-1", "address": "+551140000002", "provider": "twilio"}]},
        },
    }}})
}

fn mistakes(document: &Value) -> Vec<String> {
    Senders::parse(&document.to_string(), Path::new("/")).unwrap_err().0
}

/// The document with the value at a pointer replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut changed = document();
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

const ACCOUNT: &str = "/accounts/conta-escola-norte";

#[test]
fn a_whole_document_is_read_with_its_defaults() {
    let senders = Senders::parse(&document().to_string(), Path::new("/")).unwrap();
    let account = senders.account("conta-escola-norte").unwrap();
    assert_eq!(account.time_zone, chrono_tz::America::Sao_Paulo);
    assert_eq!(account.consent_required, BTreeSet::from([Channel::Whatsapp]));
    let ProviderSettings::Twilio(twilio) = &account.providers["twilio"] else { panic!("another kind") };
    assert_eq!(
        (twilio.base_url.as_str(), twilio.auth_token.reveal()),
        ("https://api.twilio.com", "hidden-token")
    );
    let rates: Vec<_> = senders
        .pools()
        .map(|(_, channel, pool, senders)| {
            let rates: Vec<_> = senders.iter().map(|sender| (sender.per_second, sender.burst)).collect();
            (channel, pool, rates)
        })
        .collect();
    assert_eq!(
        rates,
        [
            (Channel::Sms, "padrao", vec![(2.5, 3), (1.0, 1)]),
            (Channel::Email, "padrao", vec![(50.0, 50)]),
            (Channel::Whatsapp, "padrao", vec![(80.0, 80)]),
            (Channel::Voice, "padrao", vec![(1.0, 1)]),
        ]
    );
    assert_eq!(senders.pool("conta-escola-norte", Channel::Sms, "padrao").len(), 2);
    assert_eq!(senders.pool("conta-escola-norte", Channel::Sms, "outra"), []);
    assert_eq!(senders.pool("nobody", Channel::Sms, "padrao"), []);
}

#[test]
fn a_burst_that_is_not_given_is_what_passes_in_a_second() {
    for (per_second, burst) in [(0.5, 1), (2.5, 3), (400.0, 400)] {
        let mut changed = document();
        let senders = changed.pointer_mut(&format!("{ACCOUNT}/pools/sms/padrao")).unwrap();
        senders[0].as_object_mut().unwrap().remove("burst");
        senders[0]["perSecond"] = json!(per_second);
        let senders = Senders::parse(&changed.to_string(), Path::new("/")).unwrap();
        assert_eq!(senders.pool("conta-escola-norte", Channel::Sms, "padrao")[0].burst, burst);
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let senders = Senders::parse(&document().to_string(), Path::new("/")).unwrap();
    let shown = format!("{senders:?}");
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret}");
    }
    // Nor in a mistake: a secret in the wrong place, an unfinished document, a key twice.
    let twice = r#"{"accounts": {}, "accounts": {"a": {"authToken": "hidden-token"}}}"#;
    for text in [
        document().to_string().replace("\"AC0123\"", "\"hidden-token\""),
        document().to_string().replace("587", "\"hidden-password\""),
        document().to_string().replace("\"starttls\"", "\"hidden-password\""),
        document().to_string().replace("}}", "hidden-token"),
        twice.to_owned(),
    ] {
        let mistakes = Senders::parse(&text, Path::new("/")).unwrap_err().to_string();
        for secret in SECRETS {
            assert!(!mistakes.contains(secret), "{mistakes}");
        }
    }
}

#[test]
fn each_mistake_is_named_by_its_pointer() {
    let cases = [
        ("/timeZone", json!("Sao Paulo"), "/timeZone: must be a time zone such as America/Sao_Paulo"),
        ("/consentRequired", json!(["fax"]), "/consentRequired/0: must be sms, email, whatsapp or voice"),
        ("/consentRequired", json!("sms"), "/consentRequired: must be an array"),
        ("/providers/twilio/kind", json!("vonage"), "/providers/twilio/kind: must be twilio, meta or smtp"),
        (
            "/providers/twilio/baseUrl",
            json!("http://api.twilio.com"),
            "/providers/twilio/baseUrl: must be https, or http to this machine (localhost, 127.0.0.1, [::1])",
        ),
        (
            "/providers/twilio/baseUrl",
            json!("https://u:p@api.twilio.com"),
            "/providers/twilio/baseUrl: must have no user, query or fragment",
        ),
        ("/providers/twilio/baseUrl", json!("api"), "/providers/twilio/baseUrl: must be a URL"),
        (
            "/providers/twilio/accountSid",
            json!("AC/../x"),
            "/providers/twilio/accountSid: must be AC and letters and digits",
        ),
        ("/providers/twilio/authToken", json!(""), "/providers/twilio/authToken: must not be empty"),
        ("/providers/meta/appSecret", json!(7), "/providers/meta/appSecret: must be a string"),
        ("/providers/mail/port", json!(0), "/providers/mail/port: must be a port, 1 to 65535"),
        ("/providers/mail/port", json!(-1), "/providers/mail/port: must be a whole number, not negative"),
        ("/providers/mail/host", json!("a b"), "/providers/mail/host: must be a host name or an IP address"),
        ("/providers/mail/tls", json!("ssl"), "/providers/mail/tls: must be starttls, implicit or none"),
        (
            "/providers/mail/tls",
            json!("none"),
            "/providers/mail/tls: none is only for this machine (localhost, 127.0.0.1, ::1)",
        ),
        ("/providers/mail/user", json!("a\r\nb"), "/providers/mail/user: must not have control characters"),
        ("/pools/sms/padrao", json!([]), "/pools/sms/padrao: must have a sender"),
        (
            "/pools/sms/padrao/0/address",
            json!("551140000001x"),
            "/pools/sms/padrao/0/address: must be a phone number as E.164, a short code, or an alphanumeric sender of up to 11 characters",
        ),
        (
            "/pools/voice/padrao/0/address",
            json!("Escola"),
            "/pools/voice/padrao/0/address: must be a phone number as E.164",
        ),
        (
            "/pools/email/padrao/0/address",
            json!("escola"),
            "/pools/email/padrao/0/address: must be an e-mail address, with or without a name, of ASCII characters",
        ),
        (
            "/pools/whatsapp/padrao/0/address",
            json!("+5511"),
            "/pools/whatsapp/padrao/0/address: must be the id of a WhatsApp number, which are digits",
        ),
        (
            "/pools/sms/padrao/0/provider",
            json!("nobody"),
            "/pools/sms/padrao/0/provider: is not a provider of this account",
        ),
        (
            "/pools/sms/padrao/0/provider",
            json!("mail"),
            "/pools/sms/padrao/0/provider: is of kind smtp, which does not carry sms",
        ),
        (
            "/pools/sms/padrao/1/id",
            json!("sms-1"),
            "/pools/sms/padrao/1/id: is the id of another sender of this channel too",
        ),
        (
            "/pools/sms/padrao/1/address",
            json!("+551140000001"),
            "/pools/sms/padrao/1/address: is the address of another sender of this channel at the same provider too: its rate would count twice",
        ),
        (
            "/pools/sms/padrao/0/perSecond",
            json!(0),
            "/pools/sms/padrao/0/perSecond: must be more than 0.001 and at most 100000",
        ),
        // What the sender's bucket cannot count is found at boot.
        (
            "/pools/sms/padrao/0/perSecond",
            json!(0.001),
            "/pools/sms/padrao/0/perSecond: must be more than 0.001 and at most 100000",
        ),
        (
            "/pools/sms/padrao/0/perSecond",
            json!(100_001),
            "/pools/sms/padrao/0/perSecond: must be more than 0.001 and at most 100000",
        ),
        ("/pools/sms/padrao/0/burst", json!(0), "/pools/sms/padrao/0/burst: must be 1 to 1000000"),
        (
            "/pools/sms/padrao/0/burst",
            json!(1.5),
            "/pools/sms/padrao/0/burst: must be a whole number, not negative",
        ),
    ];
    for (pointer, value, expected) in cases {
        let found = mistakes(&with(&format!("{ACCOUNT}{pointer}"), value));
        assert_eq!(found, [format!("{ACCOUNT}{expected}")]);
    }
}

#[test]
fn an_address_stands_once_at_a_provider_for_a_channel_whatever_the_pools() {
    let found = |channel: &str, senders: Value| {
        let mut changed = with(&format!("{ACCOUNT}/pools/{channel}"), senders);
        changed["accounts"]["conta-escola-norte"]["providers"]["other"] =
            changed["accounts"]["conta-escola-norte"]["providers"]
                [if channel == "email" { "mail" } else { "twilio" }]
            .clone();
        Senders::parse(&changed.to_string(), Path::new("/"))
            .map_or_else(|mistakes| mistakes.0, |_| Vec::new())
    };
    let sender = |id: &str, address: &str, provider: &str| json!([{"id": id, "address": address, "provider": provider}]);
    let twice = |pointer: &str| {
        vec![format!(
            "{ACCOUNT}/pools/{pointer}/0/address: is the address of another sender of this channel at the same provider too: its rate would count twice"
        )]
    };
    let number = "+551140000001";
    let sms = |address: &str, provider: &str| {
        found("sms", json!({"a": sender("s-1", number, "twilio"), "b": sender("s-2", address, provider)}))
    };
    assert_eq!(sms(number, "twilio"), twice("sms/b"));
    assert_eq!(sms(number, "other"), Vec::<String>::new());
    assert_eq!(sms("+551140000009", "twilio"), Vec::<String>::new());
    // The calls' number, which the document has too, is another channel's.
    assert_eq!(sms("+551140000002", "twilio"), Vec::<String>::new());
    let mail = |address: &str, provider: &str| {
        let first = sender("m-1", "Escola Norte <oi@escola.example>", "mail");
        found("email", json!({"a": first, "b": sender("m-2", address, provider)}))
    };
    assert_eq!(mail("Oi@Escola.example", "mail"), twice("email/b"));
    assert_eq!(mail("oi@escola.example", "other"), Vec::<String>::new());
}

#[test]
fn unknown_and_missing_fields_are_mistakes_and_all_are_named_at_once() {
    let mut changed = document();
    let account = changed.pointer_mut(ACCOUNT).unwrap().as_object_mut().unwrap();
    account.insert("time/Zone".to_owned(), json!("x"));
    account.remove("timeZone");
    account["providers"]["twilio"]["token"] = json!("x");
    account["providers"]["meta"].as_object_mut().unwrap().remove("verifyToken");
    account["pools"]["fax"] = json!({"Padrão": []});
    account["pools"]["sms"]["padrao"][0]["rate"] = json!(1);
    let found = mistakes(&changed);
    let expected = [
        "/time~1Zone: is not a field here (there are: timeZone, consentRequired, providers, pools)",
        ": timeZone is missing",
        "/providers/meta: verifyToken is missing",
        "/providers/twilio/token: is not a field here (there are: kind, baseUrl, accountSid, authToken)",
        "/pools/fax: must be sms, email, whatsapp or voice",
        "/pools/fax/Padrão: must be named by a-z, 0-9, - and _",
        "/pools/fax/Padrão: must have a sender",
        "/pools/sms/padrao/0/rate: is not a field here (there are: id, address, provider, perSecond, burst)",
    ];
    let expected: Vec<String> = expected.iter().map(|mistake| format!("{ACCOUNT}{mistake}")).collect();
    assert_eq!(found, expected);
    assert_eq!(mistakes(&json!({})), ["/: accounts is missing"]);
    assert_eq!(mistakes(&json!([])), ["/: must be an object"]);
    assert_eq!(Senders::parse("{", Path::new("/")).unwrap_err().0, ["line 1, column 1: is not JSON"]);
    let twice = Senders::parse("{\"accounts\": {},\n \"accounts\": {}}", Path::new("/")).unwrap_err().0;
    assert!(twice[0].starts_with("line 2") && twice[0].ends_with("a key stands here twice"), "{twice:?}");
}

#[test]
fn the_file_must_be_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("senders.json");
    std::fs::write(&path, document().to_string()).unwrap();
    for (mode, is_accepted) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false), (0o700, false)]
    {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        match Senders::read(&path) {
            Ok(_) => assert!(is_accepted, "{mode:o}"),
            Err(error) => {
                assert!(!is_accepted, "{error}");
                assert!(error.to_string().contains(&format!("chmod 600 '{}'", path.display())), "{error}");
            }
        }
    }
    let absent = Senders::read(&folder.path().join("absent.json")).unwrap_err();
    assert!(matches!(absent, SendersError::Unreadable { .. }), "{absent}");
}

#[test]
fn a_ca_file_is_read_beside_the_senders_file_and_must_be_certificates() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("no.pem"), "no certificate").unwrap();
    let mut changed = document();
    for (name, expected) in [("no.pem", "is not a PEM of certificates"), ("absent.pem", "No such file")] {
        changed["accounts"]["conta-escola-norte"]["providers"]["mail"]["caFile"] = json!(name);
        let found = Senders::parse(&changed.to_string(), folder.path()).unwrap_err().0;
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with(&format!("{ACCOUNT}/providers/mail/caFile: ")), "{found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }
}
