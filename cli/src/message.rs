//! `vendzz message ID`: where a message stands in the ledger, and what happened to it.

use anyhow::anyhow;
use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;
use vendzz_connectors::history::{History, HistoryError, MessageLife};

use crate::exit::{Answer, Usage};
use crate::output;
use crate::sending::{APPLICATION, Sending};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(help = "Id of the message")]
    message: String,
    #[arg(long, help = "Show the recipient whole")]
    show_contact: bool,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<Answer> {
    let id = Uuid::try_parse(&options.message)
        .map_err(|_| Usage(format!("a message id is a UUID, not {}", options.message)))?;
    let sending = Sending::read()?;
    let found =
        History::new(&sending.config, APPLICATION).message(id).await.map_err(|error| match error {
            HistoryError::Postgres(error) => sending.failed(error),
            other => anyhow!(other),
        })?;
    let Some(mut life) = found else {
        output::progress(format!("no message {id} is in the ledger"));
        return Ok(Answer::No);
    };
    if !options.show_contact {
        life.entry.recipient = masked(&life.entry.recipient);
    }
    if options.json {
        output::json(&life)?;
    } else {
        show(&life)?;
    }
    Ok(Answer::Yes)
}

fn show(life: &MessageLife) -> anyhow::Result<()> {
    let entry = &life.entry;
    let mut state = format!("{} since {}", entry.state, moment(entry.state_at));
    if let Some(reason) = &entry.reason {
        state.push_str(&format!(" ({reason})"));
    }
    let none = || "none".to_owned();
    let report = entry.report.clone().unwrap_or_else(none);
    let provider = entry.provider.clone().unwrap_or_else(none);
    let reference = entry.provider_ref.clone().unwrap_or_else(none);
    let sender = entry.sender_id.clone().unwrap_or_else(none);
    for (what, value) in [
        ("message", entry.message_id.to_string()),
        ("campaign", format!("{}, step {}, revision {}", entry.campaign_id, entry.step_id, entry.revision)),
        ("response", format!("{} of {}, account {}", entry.response_id, entry.quiz_id, entry.account_id)),
        ("recipient", format!("{} by {}", entry.recipient, entry.channel)),
        ("due", format!("{}, late from {}", moment(entry.due_at), moment(entry.late_from))),
        ("state", state),
        ("report", report),
        ("provider", format!("{provider}, its name for it {reference}")),
        ("sender", format!("{sender} of pool {}, {} call(s)", entry.sender_pool, entry.attempt)),
    ] {
        output::line(format!("{what:<9} {value}"))?;
    }
    if entry.state == "waiting" {
        output::line(format!("{:<9} not before {}", "waits", moment(entry.not_before)))?;
    }
    if entry.unless_finished {
        output::line(format!("{:<9} the response is finished", "unless"))?;
    }
    if let Some(other) = entry.unless_sent {
        output::line(format!("{:<9} {other} was sent", "unless"))?;
    }
    if life.events.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = life.events.iter().map(|event| {
        let published = if event.published_at.is_some() { "yes" } else { "not yet" };
        vec![
            event.number.to_string(),
            moment(event.happened_at),
            event.what.clone(),
            event.reason.clone(),
            event.provider.clone(),
            event.attempt.to_string(),
            published.to_owned(),
        ]
    });
    output::table(&["no", "when", "what", "reason", "provider", "attempt", "published"], rows)?;
    Ok(())
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Enough to recognise a contact that one knows: the last two characters of a number, the first letter and the
/// domain of an address.
fn masked(recipient: &str) -> String {
    match recipient.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => {
            let count = recipient.chars().count();
            let last: String = recipient.chars().skip(count.saturating_sub(2)).collect();
            format!("{}{last}", "*".repeat(count.saturating_sub(2)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_contact_tells_no_stranger_whose_it_is() {
        assert_eq!(masked("+5511987654321"), "************21");
        assert_eq!(masked("ana.souza@exemplo.com"), "a***@exemplo.com");
        assert_eq!(masked("é@x.com"), "é***@x.com");
        assert_eq!(masked("1"), "1");
    }
}
