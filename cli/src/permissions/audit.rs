use vendzz_connectors::permissions::{AuditEntry, Contact};

use super::account_of;
use super::list::{moment, tell_of_more};
use crate::exit::{Answer, Usage};
use crate::output;
use crate::sending::Sending;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(help = "Id of the account")]
    account: String,
    #[arg(help = "Phone number, e.g. +5511987654321, or e-mail address")]
    contact: String,
    #[arg(long, default_value_t = 0, help = "Behind the entry of this number")]
    after: i64,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000),
        help = "Entries at most")]
    limit: u32,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

pub(super) async fn run(sending: &Sending, options: &Options) -> anyhow::Result<Answer> {
    let account = account_of(&options.account)?;
    let contact =
        Contact::parse_any(&options.contact).map_err(|error| Usage(format!("the contact {error}")))?;
    let entries = sending.permissions().audit(&account, contact.as_str(), options.after, options.limit).await;
    let entries = entries.map_err(|error| sending.failed(error))?;
    if entries.is_empty() {
        output::progress("the audit has no such entry of this contact of this account");
        return Ok(Answer::No);
    }
    if options.json {
        output::json(&entries)?;
    } else {
        let row = |entry: &AuditEntry| {
            let AuditEntry { entry, at, channel, action, reason, actor, .. } = entry.clone();
            vec![entry.to_string(), moment(at), channel, action, reason, actor]
        };
        output::table(&["entry", "when", "channel", "action", "reason", "by"], entries.iter().map(row))?;
    }
    tell_of_more(entries.len(), options.limit, "--limit, or --after the last entry");
    Ok(Answer::Yes)
}
