use chrono::{DateTime, SecondsFormat, Utc};
use vendzz_connectors::permissions::{Consent, Suppression};

use super::Which;
use crate::exit::Answer;
use crate::output;
use crate::sending::Sending;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    which: Which,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000),
        help = "Rows at most; `export` has no end")]
    limit: u32,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

pub(super) async fn suppressions(sending: &Sending, options: &Options) -> anyhow::Result<Answer> {
    let filter = options.which.filter(options.limit)?;
    let rows = sending.permissions().suppressions(&filter).await.map_err(|error| sending.failed(error))?;
    if options.json {
        output::json(&rows)?;
    } else {
        let row = |row: &Suppression| {
            let Suppression { account, channel, contact, reason, suppressed_at } = row.clone();
            vec![account, channel, contact, reason, moment(suppressed_at)]
        };
        output::table(&["account", "channel", "contact", "reason", "since"], rows.iter().map(row))?;
    }
    tell_of_more(rows.len(), options.limit, "--limit, or `export`");
    Ok(Answer::Yes)
}

pub(super) async fn consents(sending: &Sending, options: &Options) -> anyhow::Result<Answer> {
    let filter = options.which.filter(options.limit)?;
    let rows = sending.permissions().consents(&filter).await.map_err(|error| sending.failed(error))?;
    if options.json {
        output::json(&rows)?;
    } else {
        let row = |row: &Consent| {
            let Consent { account, channel, contact, state, source, changed_at } = row.clone();
            vec![account, channel, contact, state, moment(changed_at), source]
        };
        output::table(&["account", "channel", "contact", "state", "since", "source"], rows.iter().map(row))?;
    }
    tell_of_more(rows.len(), options.limit, "--limit, or `export`");
    Ok(Answer::Yes)
}

/// `how` one gets to see the others.
pub(super) fn tell_of_more(rows: usize, limit: u32, how: &str) {
    if rows == limit as usize {
        output::progress(format!("{limit} rows; there may be more ({how})"));
    }
}

pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
