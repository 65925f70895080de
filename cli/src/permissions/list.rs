use chrono::{DateTime, SecondsFormat, Utc};
use vendzz_connectors::permissions::{Consent, Listed, Suppression};

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
    list(sending, options, &["account", "channel", "contact", "reason", "since"], |row: &Suppression| {
        let Suppression { account, channel, contact, reason, suppressed_at } = row.clone();
        vec![account, channel, contact, reason, moment(suppressed_at)]
    })
    .await
}

pub(super) async fn consents(sending: &Sending, options: &Options) -> anyhow::Result<Answer> {
    let header = ["account", "channel", "contact", "state", "since", "source"];
    list(sending, options, &header, |row: &Consent| {
        let Consent { account, channel, contact, state, source, changed_at } = row.clone();
        vec![account, channel, contact, state, moment(changed_at), source]
    })
    .await
}

async fn list<R: Listed>(
    sending: &Sending,
    options: &Options,
    header: &[&str],
    cells: impl Fn(&R) -> Vec<String>,
) -> anyhow::Result<Answer> {
    let filter = options.which.filter(options.limit)?;
    let rows = sending.permissions().page(&filter).await.map_err(|error| sending.failed(error))?;
    if options.json {
        output::json(&rows)?;
    } else {
        output::table(header, rows.iter().map(cells))?;
    }
    if rows.len() == options.limit as usize {
        output::progress(format!("{} rows; there may be more (--limit, or `export`)", options.limit));
    }
    Ok(Answer::Yes)
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
