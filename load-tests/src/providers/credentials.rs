use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

/// Who may send, and under which secrets reports are signed. Never shown.
#[derive(Default)]
pub struct Credentials {
    /// Any are taken; reports are then signed with what the request itself was authenticated by.
    is_open: bool,
    /// Auth tokens by account sid.
    twilio: HashMap<String, String>,
    /// By phone number id.
    meta: HashMap<String, MetaNumber>,
}

/// A WhatsApp number of the senders file.
#[derive(Clone)]
pub(super) struct MetaNumber {
    pub(super) access_token: String,
    pub(super) app_secret: String,
    /// Names in the senders file, for the webhook's URL.
    pub(super) account: String,
    pub(super) provider: String,
}

/// What a bearer token is good for.
pub(super) enum MetaAccess {
    Granted(Box<MetaNumber>),
    /// The token is none that is known.
    UnknownToken,
    /// The token is known, but not for this number.
    UnknownNumber,
}

/// The senders file, as far as the providers know of it.
#[derive(Deserialize)]
struct SendersFile {
    accounts: BTreeMap<String, AccountSenders>,
}

#[derive(Deserialize)]
struct AccountSenders {
    #[serde(default)]
    providers: BTreeMap<String, ProviderSecrets>,
    /// By channel and pool.
    #[serde(default)]
    pools: BTreeMap<String, BTreeMap<String, Vec<Sender>>>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum ProviderSecrets {
    #[serde(rename_all = "camelCase")]
    Twilio { account_sid: String, auth_token: String },
    #[serde(rename_all = "camelCase")]
    Meta { access_token: String, app_secret: String },
    /// Spoken by another server.
    Smtp {},
}

#[derive(Deserialize)]
struct Sender {
    address: String,
    provider: String,
}

impl Credentials {
    /// Takes whatever a request brings.
    pub fn open() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    /// Of the file that the senders themselves read.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the senders file {} cannot be read", file.display()))?;
        Self::parse(&text).with_context(|| format!("the senders file {}", file.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        // The parser's own words may repeat a value, which may be a secret.
        let read = serde_json::from_str::<SendersFile>(text);
        let file = read.map_err(|error| {
            anyhow::anyhow!("is not understood at line {}, column {}", error.line(), error.column())
        })?;
        let mut credentials = Self::default();
        for (account, senders) in file.accounts {
            credentials.add(&account, senders)?;
        }
        Ok(credentials)
    }

    fn add(&mut self, account: &str, senders: AccountSenders) -> anyhow::Result<()> {
        for (name, provider) in &senders.providers {
            let ProviderSecrets::Twilio { account_sid, auth_token } = provider else { continue };
            let known = self.twilio.insert(account_sid.clone(), auth_token.clone());
            let is_same = known.is_none_or(|known| known == *auth_token);
            anyhow::ensure!(
                is_same,
                "/accounts/{account}/providers/{name}: the sid has another token elsewhere"
            );
        }
        for (place, sender) in senders
            .pools
            .values()
            .flatten()
            .flat_map(|(pool, all)| all.iter().map(move |sender| (pool, sender)))
        {
            let provider = senders.providers.get(&sender.provider).with_context(|| {
                format!("/accounts/{account}/pools: pool {place} names a provider that there is not")
            })?;
            let ProviderSecrets::Meta { access_token, app_secret } = provider else { continue };
            let number = MetaNumber {
                access_token: access_token.clone(),
                app_secret: app_secret.clone(),
                account: account.to_owned(),
                provider: sender.provider.clone(),
            };
            self.meta.insert(sender.address.clone(), number);
        }
        Ok(())
    }

    /// The token under which reports are signed, when sid and token are right.
    pub(super) fn twilio(&self, sid: &str, user: &str, token: &str) -> Option<String> {
        if sid != user || token.is_empty() {
            return None;
        }
        let is_right = self.is_open || self.twilio.get(sid).is_some_and(|known| known == token);
        is_right.then(|| token.to_owned())
    }

    pub(super) fn meta(&self, phone_number_id: &str, token: &str) -> MetaAccess {
        if self.is_open && !token.is_empty() {
            return MetaAccess::Granted(Box::new(MetaNumber {
                access_token: token.to_owned(),
                app_secret: token.to_owned(),
                account: "open".to_owned(),
                provider: "meta".to_owned(),
            }));
        }
        match self.meta.get(phone_number_id) {
            Some(number) if number.access_token == token => MetaAccess::Granted(Box::new(number.clone())),
            _ if self.meta.values().any(|number| number.access_token == token) => MetaAccess::UnknownNumber,
            _ => MetaAccess::UnknownToken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"accounts": {"conta": {
        "timeZone": "America/Sao_Paulo", "consentRequired": ["whatsapp"],
        "providers": {
            "tw": {"kind": "twilio", "baseUrl": "http://127.0.0.1:8090", "accountSid": "AC1", "authToken": "segredo"},
            "wa": {"kind": "meta", "baseUrl": "http://127.0.0.1:8090/v23.0", "accessToken": "t", "appSecret": "s", "verifyToken": "v"},
            "mail": {"kind": "smtp", "host": "127.0.0.1", "port": 10025, "tls": "none", "user": "u", "password": "p"}},
        "pools": {
            "sms": {"padrao": [{"id": "sms-1", "address": "+551140000001", "provider": "tw", "perSecond": 1.0, "burst": 1}]},
            "whatsapp": {"padrao": [{"id": "w-1", "address": "1098", "provider": "wa"}]},
            "email": {"padrao": [{"id": "e-1", "address": "a@example.com", "provider": "mail"}]}}}}}"#;

    #[test]
    fn only_what_the_file_grants_is_granted() {
        let credentials = Credentials::parse(FILE).unwrap();
        assert_eq!(credentials.twilio("AC1", "AC1", "segredo").as_deref(), Some("segredo"));
        for (sid, user, token) in
            [("AC1", "AC1", "outro"), ("AC1", "AC2", "segredo"), ("AC2", "AC2", "segredo")]
        {
            assert!(credentials.twilio(sid, user, token).is_none());
        }
        let MetaAccess::Granted(number) = credentials.meta("1098", "t") else { panic!("refused") };
        assert_eq!((number.account.as_str(), number.provider.as_str()), ("conta", "wa"));
        assert_eq!(number.app_secret, "s");
        assert!(matches!(credentials.meta("1098", "x"), MetaAccess::UnknownToken));
        assert!(matches!(credentials.meta("1099", "t"), MetaAccess::UnknownNumber));
    }

    #[test]
    fn a_mistake_is_named_without_a_secret() {
        let broken = FILE.replace(r#""authToken": "segredo""#, r#""authToken": 12345678"#);
        let error = format!("{:#}", Credentials::parse(&broken).err().unwrap());
        assert!(error.contains("line 4"), "{error}");
        assert!(!error.contains("12345678"), "{error}");
        let nowhere = FILE.replace(r#""provider": "wa""#, r#""provider": "wb""#);
        assert!(Credentials::parse(&nowhere).is_err());
    }
}
