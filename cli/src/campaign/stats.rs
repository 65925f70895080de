use std::collections::BTreeMap;

use anyhow::anyhow;
use serde::Serialize;
use vendzz_connectors::history::{
    ChannelCounts, History, HistoryError, LIVE_STATES, REPORTS, RESTING_STATES,
};
use vendzz_schemas::ids::check_name;

use crate::exit::{Answer, Usage};
use crate::output;
use crate::sending::{APPLICATION, Sending};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(help = "Id of the campaign")]
    campaign: String,
    #[arg(long, help = "Print JSON")]
    json: bool,
}

#[derive(Debug, Serialize)]
struct CampaignStats {
    campaign: String,
    channels: BTreeMap<String, ChannelCounts>,
}

pub(super) async fn run(options: Options) -> anyhow::Result<Answer> {
    check_name(&options.campaign).map_err(|error| Usage(format!("a campaign id {error}")))?;
    let sending = Sending::read()?;
    let counted = History::new(&sending.config, APPLICATION).campaign(&options.campaign).await;
    let channels = counted.map_err(|error| match error {
        HistoryError::Postgres(error) => sending.failed(error),
        other => anyhow!(other),
    })?;
    if channels.is_empty() {
        output::progress(format!("no message of campaign {} is in the ledger", options.campaign));
        return Ok(Answer::No);
    }
    let stats = CampaignStats { campaign: options.campaign, channels };
    if options.json {
        output::json(&stats)?;
        return Ok(Answer::Yes);
    }
    output::line(&stats.campaign)?;
    let mut rows = Vec::new();
    for (channel, counts) in &stats.channels {
        let mut row = |what: &str, count: &i64, from: &str| {
            rows.push(vec![channel.clone(), what.to_owned(), count.to_string(), from.to_owned()]);
        };
        for state in LIVE_STATES.iter().chain(RESTING_STATES) {
            if let Some(count) = counts.states.get(*state) {
                row(state, count, "state");
            }
        }
        for report in REPORTS {
            if let Some(count) = counts.reports.get(*report) {
                row(report, count, "report");
            }
        }
    }
    output::table(&["channel", "what", "messages", "from"], rows)?;
    Ok(Answer::Yes)
}
