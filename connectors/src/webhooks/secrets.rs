//! The secrets by which providers prove who they are, from the accounts' senders file.

use std::collections::BTreeMap;

use serde_json::Value;
use vendzz_runtime::config::{Env, Secret};
use vendzz_schemas::json::{parse_strict, pointer_segment};

/// What a provider of an account signs with.
#[derive(Debug, Clone)]
pub enum ProviderSecret {
    Twilio { auth_token: Secret },
    Meta { app_secret: Secret, verify_token: Secret },
}

/// By account and provider.
#[derive(Debug, Clone, Default)]
pub struct WebhookSecrets {
    by_place: BTreeMap<(String, String), ProviderSecret>,
}

impl WebhookSecrets {
    /// From the file that `VENDZZ_SENDERS_FILE` names.
    pub(super) fn read(env: &Env) -> Self {
        const NAME: &str = "VENDZZ_SENDERS_FILE";
        let path: Option<String> = env.optional(NAME, "the accounts' senders and providers, JSON, mode 0600");
        let Some(path) = path else {
            env.mistake(format!("{NAME} is needed"));
            return Self::default();
        };
        let Some(content) = super::secret_file::read(env, NAME, &path) else { return Self::default() };
        match Self::of_json(&content) {
            Ok(secrets) => secrets,
            Err(mistakes) => {
                for mistake in mistakes {
                    env.mistake(format!("{NAME}: {mistake}"));
                }
                Self::default()
            }
        }
    }

    /// The secrets in the file's content. Other members belong to other readers.
    pub fn of_json(content: &[u8]) -> Result<Self, Vec<String>> {
        // Not the problem's own text: it may repeat what stands in the file.
        let document = parse_strict(content)
            .map_err(|problem| vec![format!("is not JSON: {} at \"{}\"", problem.code, problem.pointer)])?;
        let Some(accounts) = document["accounts"].as_object() else {
            return Err(vec!["/accounts must be an object".to_owned()]);
        };
        let mut secrets = Self::default();
        let mut mistakes = Vec::new();
        for (account, settings) in accounts {
            let Some(providers) = settings["providers"].as_object() else { continue };
            for (provider, settings) in providers {
                let pointer =
                    format!("/accounts/{}/providers/{}", pointer_segment(account), pointer_segment(provider));
                match secret_of(settings, &pointer) {
                    Ok(Some(secret)) => {
                        secrets.by_place.insert((account.clone(), provider.clone()), secret);
                    }
                    Ok(None) => {}
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        if mistakes.is_empty() { Ok(secrets) } else { Err(mistakes) }
    }

    pub fn lookup(&self, account: &str, provider: &str) -> Option<&ProviderSecret> {
        self.by_place.get(&(account.to_owned(), provider.to_owned()))
    }
}

/// `None` of a provider that calls no webhooks.
fn secret_of(settings: &Value, pointer: &str) -> Result<Option<ProviderSecret>, String> {
    let text = |name: &str| match settings[name].as_str() {
        Some(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => Err(format!("{pointer}/{name} must be a text that is not empty")),
    };
    match settings["kind"].as_str() {
        Some("twilio") => Ok(Some(ProviderSecret::Twilio { auth_token: text("authToken")? })),
        Some("meta") => Ok(Some(ProviderSecret::Meta {
            app_secret: text("appSecret")?,
            verify_token: text("verifyToken")?,
        })),
        Some("smtp") => Ok(None),
        _ => Err(format!("{pointer}/kind must be twilio, meta or smtp")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_account_and_provider_and_never_shown() {
        let file = br#"{"accounts": {"conta-1": {"timeZone": "America/Sao_Paulo", "providers": {
            "tw": {"kind": "twilio", "accountSid": "AC1", "authToken": "hunter2"},
            "mail": {"kind": "smtp", "host": "x"},
            "wa": {"kind": "meta", "appSecret": "hunter3", "verifyToken": "hunter4"}}}}}"#;
        let secrets = WebhookSecrets::of_json(file).unwrap();
        assert!(matches!(secrets.lookup("conta-1", "tw"), Some(ProviderSecret::Twilio { .. })));
        assert!(matches!(secrets.lookup("conta-1", "wa"), Some(ProviderSecret::Meta { .. })));
        assert!(secrets.lookup("conta-1", "mail").is_none() && secrets.lookup("conta-2", "tw").is_none());
        assert!(!format!("{secrets:?}").contains("hunter"));
    }

    #[test]
    fn every_mistake_is_named_by_its_pointer_and_no_secret_is_repeated() {
        let file = br#"{"accounts": {"c": {"providers": {
            "a": {"kind": "twilio", "authToken": ""}, "b": {"kind": "hunter2"},
            "c": {"kind": "meta", "appSecret": "hunter3"}}}}}"#;
        let mistakes = WebhookSecrets::of_json(file).unwrap_err();
        let pointers: Vec<&str> = mistakes.iter().filter_map(|mistake| mistake.split(' ').next()).collect();
        let expected = ["a/authToken", "b/kind", "c/verifyToken"];
        assert_eq!(pointers, expected.map(|end| format!("/accounts/c/providers/{end}")));
        assert!(!mistakes.concat().contains("hunter"));
        assert!(WebhookSecrets::of_json(b"{\"accounts\": \"hunter2").unwrap_err()[0].contains("syntax"));
    }
}
