//! E-mail by SMTP submission (RFC 5321, 6409), said command by command, so that it is known how far a mail came.

mod answers;
mod connect;
mod mail;
mod pool;
mod stream;

#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use tokio::time::timeout;
use vendzz_schemas::campaign::Channel;

use self::answers::{Step, outcome};
use self::connect::Connector;
use self::mail::{Mail, mail};
use self::pool::Pool;
use super::settings::SmtpSettings;
use super::{NotTaken, NotTakenKind, Outcome, Outgoing, ProviderError};

pub(super) struct Smtp {
    pool: Pool,
    timeout: Duration,
}

impl Smtp {
    pub(super) fn new(settings: &SmtpSettings, timeout: Duration) -> Result<Self, ProviderError> {
        Ok(Self { pool: Pool::new(Connector::new(settings, timeout)?), timeout })
    }

    pub(super) async fn send(&self, outgoing: &Outgoing) -> Outcome {
        if Channel::from_wire(&outgoing.message.channel) != Some(Channel::Email) {
            return Outcome::Refused { reason: "wrong_channel", opted_out: false };
        }
        let mail = match mail(outgoing) {
            Ok(mail) => mail,
            Err(reason) => return Outcome::Refused { reason, opted_out: false },
        };
        let content_began = AtomicBool::new(false);
        match timeout(self.timeout, self.deliver(&mail, &content_began)).await {
            Ok(outcome) => outcome,
            Err(_) if content_began.load(Ordering::SeqCst) => Outcome::Unknown { reason: "timeout" },
            // The connection is dropped with the call: nothing of the mail was written, and nothing will be.
            Err(_) => {
                Outcome::NotTaken(NotTaken { reason: "timeout", retry_after: None, kind: NotTakenKind::Away })
            }
        }
    }

    async fn deliver(&self, mail: &Mail, content_began: &AtomicBool) -> Outcome {
        let mut pooled = match self.pool.connection().await {
            Ok(pooled) => pooled,
            Err(outcome) => return outcome,
        };
        match say(&mut pooled.connection, mail, content_began).await {
            Ok(()) => {
                self.pool.put_back(pooled);
                Outcome::Accepted { reference: mail.message_id.clone() }
            }
            Err(Unsaid { step, code }) => {
                // After a refusal the next mail may be said; 421 announces the end.
                let is_usable = code.is_some_and(|code| (400..600).contains(&code) && code != CLOSING);
                if is_usable {
                    self.pool.put_back(pooled);
                }
                outcome(step, code)
            }
        }
    }
}

const CLOSING: u16 = 421;

/// Where a mail stopped, and by which reply, if there was one.
struct Unsaid {
    step: Step,
    code: Option<u16>,
}

/// One mail. Each command has the replies of RFC 5321 (4.3.2) that mean success, and no others are believed: so a
/// server that is out of step is found out before the mail's bytes.
async fn say(
    connection: &mut AsyncSmtpConnection,
    mail: &Mail,
    content_began: &AtomicBool,
) -> Result<(), Unsaid> {
    let from = MailFrom::new(Some(mail.from.clone()), Vec::new());
    expect(Step::Mail, &[250], connection.command(from).await)?;
    let to = Rcpt::new(mail.to.clone(), Vec::new());
    expect(Step::Recipient, &[250, 251], connection.command(to).await)?;
    expect(Step::Data, &[354], connection.command(Data).await)?;
    content_began.store(true, Ordering::SeqCst);
    expect(Step::Content, &[250], connection.message(&mail.bytes).await)
}

fn expect(
    step: Step,
    wished: &[u16],
    reply: Result<lettre::transport::smtp::response::Response, lettre::transport::smtp::Error>,
) -> Result<(), Unsaid> {
    let code = match reply {
        Ok(reply) => Some(reply.code().into()),
        Err(error) => error.status().map(u16::from),
    };
    match code {
        Some(code) if wished.contains(&code) => Ok(()),
        code => Err(Unsaid { step, code }),
    }
}
