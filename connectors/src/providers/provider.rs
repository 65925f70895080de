use std::time::Duration;

use super::meta::Meta;
use super::settings::ProviderSettings;
use super::smtp::Smtp;
use super::twilio::Twilio;
use super::{Outcome, Outgoing};

/// How long a call may take, from the look-up of the server's name to the last byte of its answer.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A provider of one account, with its connections; shared by all who send by it.
pub struct Provider(Kind);

enum Kind {
    /// SMS and voice.
    Twilio(Twilio),
    Meta(Meta),
    Smtp(Smtp),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The certificates or the TLS library; never a secret.
    #[error("TLS cannot be prepared: {0}")]
    Tls(String),
    #[error("the base URL and the account make no URL")]
    Url,
    #[error("the user, password or token holds what an HTTP header cannot")]
    Credential,
}

impl Provider {
    /// `timeout` is for a whole call; [`CALL_TIMEOUT`] unless configured otherwise.
    pub fn for_account(settings: &ProviderSettings, timeout: Duration) -> Result<Self, ProviderError> {
        Ok(Self(match settings {
            ProviderSettings::Twilio(settings) => Kind::Twilio(Twilio::new(settings, timeout)?),
            ProviderSettings::Meta(settings) => Kind::Meta(Meta::new(settings, timeout)?),
            ProviderSettings::Smtp(settings) => Kind::Smtp(Smtp::new(settings, timeout)?),
        }))
    }

    /// One call, never repeated in here. It ends within the timeout. Dropped before it ends, it says nothing:
    /// its outcome is unknown.
    pub async fn send(&self, outgoing: &Outgoing) -> Outcome {
        match &self.0 {
            Kind::Twilio(twilio) => twilio.send(outgoing).await,
            Kind::Meta(meta) => meta.send(outgoing).await,
            Kind::Smtp(smtp) => smtp.send(outgoing).await,
        }
    }
}
