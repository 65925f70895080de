//! `vendzz suppression` and `vendzz consent`: who must not be written to, and who may.

mod change;
mod files;
mod list;

use clap::Subcommand;
use vendzz_connectors::permissions::{Actor, Consent, Contact, CsvKind, Filter, Key, Suppression};
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::ids::check_name;

use crate::exit::{Answer, Usage};
use crate::sending::Sending;

#[derive(Debug, Subcommand)]
pub(crate) enum SuppressionCommand {
    /// Who is suppressed, since when and why
    List(list::Options),
    /// Suppress a contact; twice does no harm
    Add(change::AddOptions),
    /// Lift a suppression
    Remove(change::RemoveOptions),
    /// Suppress whom a CSV file names: account,channel,contact,reason
    Import(files::ImportOptions),
    /// Write a CSV file that can be imported again
    Export(files::ExportOptions),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Who has consented and who has withdrawn, when and where
    List(list::Options),
    /// Record that a contact has consented; twice does no harm
    Grant(change::ConsentOptions),
    /// Record that a contact has withdrawn; twice does no harm
    Withdraw(change::ConsentOptions),
    /// Record what a CSV file says: account,channel,contact,state,source
    Import(files::ImportOptions),
    /// Write a CSV file that can be imported again
    Export(files::ExportOptions),
}

pub(crate) async fn run_suppression(command: SuppressionCommand) -> anyhow::Result<Answer> {
    let sending = Sending::read()?;
    match command {
        SuppressionCommand::List(options) => list::suppressions(&sending, &options).await,
        SuppressionCommand::Add(options) => change::add(&sending, &options).await,
        SuppressionCommand::Remove(options) => change::remove(&sending, &options).await,
        SuppressionCommand::Import(options) => files::import(&sending, CsvKind::Suppressions, &options).await,
        SuppressionCommand::Export(options) => files::export_rows::<Suppression>(&sending, &options).await,
    }
}

pub(crate) async fn run_consent(command: ConsentCommand) -> anyhow::Result<Answer> {
    use vendzz_connectors::permissions::ConsentState::{Granted, Withdrawn};
    let sending = Sending::read()?;
    match command {
        ConsentCommand::List(options) => list::consents(&sending, &options).await,
        ConsentCommand::Grant(options) => change::consent(&sending, &options, Granted).await,
        ConsentCommand::Withdraw(options) => change::consent(&sending, &options, Withdrawn).await,
        ConsentCommand::Import(options) => files::import(&sending, CsvKind::Consents, &options).await,
        ConsentCommand::Export(options) => files::export_rows::<Consent>(&sending, &options).await,
    }
}

/// Whom a change is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    #[arg(help = "Id of the account")]
    account: String,
    #[arg(help = "sms, email, whatsapp or voice")]
    channel: String,
    #[arg(help = "Phone number, e.g. +5511987654321, or e-mail address")]
    contact: String,
}

impl Place {
    fn key(&self) -> Result<Key, Usage> {
        let channel = channel_of(&self.channel)?;
        let contact =
            Contact::parse(channel, &self.contact).map_err(|error| Usage(format!("the contact {error}")))?;
        Ok(Key { account_id: account_of(&self.account)?, channel, contact })
    }
}

/// Which rows are wanted.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    #[arg(long, help = "Of this account alone")]
    account: Option<String>,
    #[arg(long, help = "Of this channel alone: sms, email, whatsapp or voice")]
    channel: Option<String>,
    #[arg(long, help = "Of this contact alone")]
    contact: Option<String>,
}

impl Which {
    fn filter(&self, limit: u32) -> Result<Filter, Usage> {
        let contact = match &self.contact {
            Some(text) => {
                Some(Contact::parse_any(text).map_err(|error| Usage(format!("the contact {error}")))?)
            }
            None => None,
        };
        Ok(Filter {
            account_id: self.account.as_deref().map(account_of).transpose()?,
            channel: self.channel.as_deref().map(channel_of).transpose()?,
            contact: contact.map(|contact| contact.as_str().to_owned()),
            after: None,
            limit,
        })
    }
}

fn account_of(text: &str) -> Result<String, Usage> {
    check_name(text).map_err(|error| Usage(format!("an account id {error}")))?;
    Ok(text.to_owned())
}

fn channel_of(text: &str) -> Result<Channel, Usage> {
    Channel::from_wire(text)
        .ok_or_else(|| Usage("a channel must be sms, email, whatsapp or voice".to_owned()))
}

/// Who types; stands in the audit.
fn actor() -> Result<Actor, Usage> {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    Actor::cli(&user).map_err(|error| Usage(format!("USER {error}: the audit says who made a change")))
}
