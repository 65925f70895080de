//! The secrets by which providers prove who they are, as they stand in the accounts' senders file.

use vendzz_runtime::config::Secret;

use crate::providers::Senders;
use crate::providers::settings::ProviderSettings;

/// What a provider of an account signs with.
#[derive(Debug, Clone, Copy)]
pub enum ProviderSecret<'a> {
    Twilio { auth_token: &'a Secret },
    Meta { app_secret: &'a Secret, verify_token: &'a Secret },
}

/// By account and provider; `None` of a provider that calls no webhooks.
pub fn secret_of<'a>(senders: &'a Senders, account: &str, provider: &str) -> Option<ProviderSecret<'a>> {
    match senders.account(account)?.providers.get(provider)? {
        ProviderSettings::Twilio(twilio) => Some(ProviderSecret::Twilio { auth_token: &twilio.auth_token }),
        ProviderSettings::Meta(meta) => {
            Some(ProviderSecret::Meta { app_secret: &meta.app_secret, verify_token: &meta.verify_token })
        }
        ProviderSettings::Smtp(_) => None,
    }
}
