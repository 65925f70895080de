//! The senders file (`VENDZZ_SENDERS_FILE`): accounts, their providers with the secrets, and pools of senders.

mod accounts;
mod document;
mod strict_json;
mod values;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use vendzz_runtime::config::{Env, Secret};
use vendzz_schemas::campaign::Channel;

/// Everything that stands in the senders file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Senders {
    accounts: BTreeMap<String, Account>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub time_zone: Tz,
    /// Channels on which nothing is sent without a recorded consent.
    pub consent_required: BTreeSet<Channel>,
    /// By the account's own name of the provider, which stands in webhook addresses too.
    pub providers: BTreeMap<String, ProviderSettings>,
    pools: BTreeMap<Channel, BTreeMap<String, Vec<Sender>>>,
}

/// One address from which messages are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sender {
    /// Unique among the senders of its account and channel.
    pub id: String,
    /// E.164, an e-mail address with or without a name, or the id of a WhatsApp number.
    pub address: String,
    /// A key of [`Account::providers`].
    pub provider: String,
    /// Messages a second in the long run, as [`crate::sender::Rate`] takes it.
    pub per_second: f64,
    /// Messages at once after a rest, at least 1.
    pub burst: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ProviderSettings {
    Twilio(TwilioSettings),
    Meta(MetaSettings),
    Smtp(SmtpSettings),
}

#[derive(Debug, Clone, PartialEq)]
pub struct TwilioSettings {
    /// Without a slash at its end.
    pub base_url: String,
    pub account_sid: String,
    /// The password of each call, and the key of the signature of each webhook.
    pub auth_token: Secret,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MetaSettings {
    /// With the version of the Graph API, without a slash at its end.
    pub base_url: String,
    pub access_token: Secret,
    /// The key of the signature of each webhook.
    pub app_secret: Secret,
    /// What Meta says when it verifies the webhook's address.
    pub verify_token: Secret,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// PEM of certificates that are trusted besides those of the machine.
    pub ca: Option<Vec<u8>>,
    pub user: String,
    pub password: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// RFC 3207; a server that does not offer it is not spoken to.
    Starttls,
    /// RFC 8314, from the first byte.
    Implicit,
    /// Only to this machine.
    None,
}

#[derive(Debug, thiserror::Error)]
pub enum SendersError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} holds secrets and has mode {mode:04o}: chmod 600 '{path}'")]
    Mode { path: PathBuf, mode: u32 },
    #[error("{path}: {mistakes}")]
    Mistakes { path: PathBuf, mistakes: Mistakes },
}

/// Every mistake of a document, each with its JSON pointer (RFC 6901). No value is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} mistake(s)", self.0.len())?;
        for mistake in &self.0 {
            write!(formatter, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl Senders {
    /// From the file that `VENDZZ_SENDERS_FILE` names; what is wrong with it is a mistake of the environment.
    pub fn of_env(env: &Env) -> Self {
        const NAME: &str = "VENDZZ_SENDERS_FILE";
        let path: Option<String> = env.optional(NAME, "accounts' senders and providers, JSON, mode 0600");
        let Some(path) = path else {
            env.mistake(format!("{NAME} is needed"));
            return Self::default();
        };
        Self::read(Path::new(&path)).unwrap_or_else(|error| {
            env.mistake(format!("{NAME}: {error}"));
            Self::default()
        })
    }

    /// Only a file that nobody else may read is accepted. A relative `caFile` counts from the file's folder.
    pub fn read(path: &Path) -> Result<Self, SendersError> {
        let unreadable = |source| SendersError::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
        if mode != 0o600 && mode != 0o400 {
            return Err(SendersError::Mode { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder)
            .map_err(|mistakes| SendersError::Mistakes { path: path.to_owned(), mistakes })
    }

    /// `folder` is where a relative `caFile` counts from.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Mistakes> {
        let document = strict_json::parse(text).map_err(|mistake| Mistakes(vec![mistake]))?;
        let accounts = accounts::read(&document, folder)?;
        Ok(Self { accounts })
    }

    pub fn account(&self, account_id: &str) -> Option<&Account> {
        self.accounts.get(account_id)
    }

    pub fn accounts(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.accounts.iter().map(|(account_id, account)| (account_id.as_str(), account))
    }

    /// Every pool as (account, channel, pool, senders), none of them empty.
    pub fn pools(&self) -> impl Iterator<Item = (&str, Channel, &str, &[Sender])> {
        self.accounts().flat_map(|(account_id, account)| {
            account.pools().map(move |(channel, pool, senders)| (account_id, channel, pool, senders))
        })
    }

    /// Empty when there is no such account or pool.
    pub fn pool(&self, account_id: &str, channel: Channel, pool: &str) -> &[Sender] {
        self.account(account_id).map_or(&[], |account| account.pool(channel, pool))
    }
}

impl Account {
    pub fn pools(&self) -> impl Iterator<Item = (Channel, &str, &[Sender])> {
        self.pools.iter().flat_map(|(channel, pools)| {
            pools.iter().map(|(pool, senders)| (*channel, pool.as_str(), senders.as_slice()))
        })
    }

    /// Empty when there is no such pool.
    pub fn pool(&self, channel: Channel, pool: &str) -> &[Sender] {
        self.pools.get(&channel).and_then(|pools| pools.get(pool)).map_or(&[], Vec::as_slice)
    }
}

impl ProviderSettings {
    /// As in the file's `kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Twilio(_) => "twilio",
            Self::Meta(_) => "meta",
            Self::Smtp(_) => "smtp",
        }
    }

    pub fn carries(&self, channel: Channel) -> bool {
        match self {
            Self::Twilio(_) => matches!(channel, Channel::Sms | Channel::Voice),
            Self::Meta(_) => channel == Channel::Whatsapp,
            Self::Smtp(_) => channel == Channel::Email,
        }
    }
}
