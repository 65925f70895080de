use std::io;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use super::answers::{Step, outcome};
use super::stream::UpgradableStream;
use crate::providers::settings::{SmtpSettings, SmtpTls};
use crate::providers::troubles::{Troubles, cause_of};
use crate::providers::{Outcome, ProviderError};

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// RFC 4954, 6: authentication succeeded. A server that answers AUTH with another success is not believed.
const AUTHENTICATED: u16 = 235;

/// Opens connections to one server, up to the point where MAIL may be said.
pub(super) struct Connector {
    host: String,
    port: u16,
    security: Security,
    credentials: Credentials,
    hello: ClientId,
    timeout: Duration,
    troubles: Troubles,
}

enum Security {
    /// Demanded: without it nothing more is said.
    Starttls(TlsParameters),
    Implicit(TlsParameters),
    /// Only to this machine, looked at again when the name is resolved.
    None,
}

impl Connector {
    pub(super) fn new(settings: &SmtpSettings, timeout: Duration) -> Result<Self, ProviderError> {
        let security = match settings.tls {
            SmtpTls::Starttls => Security::Starttls(tls(settings)?),
            SmtpTls::Implicit => Security::Implicit(tls(settings)?),
            SmtpTls::None => Security::None,
        };
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            security,
            credentials: Credentials::new(settings.user.clone(), settings.password.reveal().to_owned()),
            hello: ClientId::default(),
            timeout,
            troubles: Troubles::default(),
        })
    }

    pub(super) async fn open(&self) -> Result<AsyncSmtpConnection, Outcome> {
        let mut connection = match &self.security {
            Security::Implicit(tls) => self.connect_by_tls(tls).await?,
            Security::Starttls(_) | Security::None => self.connect_by_tcp().await?,
        };
        if let Security::Starttls(tls) = &self.security {
            connection
                .starttls(tls.clone(), &self.hello)
                .await
                .map_err(|error| self.failed(Step::Starttls, &error))?;
        }
        let reply = connection
            .auth(&MECHANISMS, &self.credentials)
            .await
            .map_err(|error| self.failed(Step::Auth, &error))?;
        if u16::from(reply.code()) != AUTHENTICATED {
            return Err(outcome(Step::Auth, Some(reply.code().into())));
        }
        Ok(connection)
    }

    async fn connect_by_tls(&self, tls: &TlsParameters) -> Result<AsyncSmtpConnection, Outcome> {
        let server = (self.host.as_str(), self.port);
        AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &self.hello, Some(tls.clone()), None)
            .await
            .map_err(|error| self.failed(Step::Connect, &error))
    }

    async fn connect_by_tcp(&self) -> Result<AsyncSmtpConnection, Outcome> {
        let failed = |error: io::Error| {
            self.troubles.no_answer(&self.host, &cause_of(&error));
            outcome(Step::Connect, None)
        };
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(failed)?;
        if matches!(self.security, Security::None) && !tcp.peer_addr().map_err(failed)?.ip().is_loopback() {
            return Err(outcome(Step::Starttls, None));
        }
        // A mail and its final dot are two writes: the second must not wait for the first one's acknowledgement.
        tcp.set_nodelay(true).map_err(failed)?;
        AsyncSmtpConnection::connect_with_transport(Box::new(UpgradableStream::new(tcp)), &self.hello)
            .await
            .map_err(|error| self.failed(Step::Connect, &error))
    }

    /// What is logged of a reply is its code: its text may name somebody.
    fn failed(&self, step: Step, error: &Error) -> Outcome {
        let code = error.status().map(u16::from);
        let cause = match code {
            Some(code) => format!("{step:?}: reply {code}"),
            None if error.is_response() => format!("{step:?}: no reply of SMTP"),
            None => format!("{step:?}: {}", cause_of(error)),
        };
        self.troubles.no_answer(&self.host, &cause);
        outcome(step, code)
    }
}

/// The machine's root certificates and those of `caFile`; TLS 1.2 and 1.3, by ring.
fn tls(settings: &SmtpSettings) -> Result<TlsParameters, ProviderError> {
    let mut parameters = TlsParametersBuilder::new(settings.host.clone());
    if let Some(pem) = &settings.ca {
        let certificate =
            Certificate::from_pem(pem).map_err(|error| ProviderError::Tls(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build().map_err(|error| ProviderError::Tls(error.to_string()))
}
