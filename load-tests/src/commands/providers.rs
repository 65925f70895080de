use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio_util::sync::CancellationToken;
use vendzz_load_tests::providers::{Credentials, Faults, Simulator, SimulatorSettings};

#[derive(Debug, Args)]
#[command(after_help = "\
Answers:
  POST /2010-04-01/Accounts/{sid}/Messages.json, …/Calls.json   as Twilio
  POST /v23.0/{phone_number_id}/messages                        as Meta's Cloud API
  GET  /journal/summary                  accepted, by provider and channel, duplicates, answers by status
  GET  /journal/accepted?provider=meta   ids of accepted messages, one a line
  GET  /reports/summary                  delivery reports sent, acknowledged, waiting
  GET, PUT /faults                       how it misbehaves, for example
       {\"rules\": {\"AC…\": {\"share429\": 0.1, \"retryAfterSeconds\": 2, \"shareCutAfter\": 0.05}, \"*\": {\"latencyMs\": [20, 200]}},
        \"reports\": {\"delayMs\": [100, 5000], \"shareTwice\": 0.1, \"shareOutOfOrder\": 0.1}}
       of a rule: latencyMs, slowMs, share429, retryAfterSeconds, share500, share503, shareRefused, shareOptedOut,
       shareCutBefore, shareCutAfter, dead; of reports: delayMs, shareUndelivered, shareRead, shareTwice,
       shareOutOfOrder, retrySeconds, withhold; and refuseConnections, with --control

Reports go only to webhooks of this machine.")]
pub(crate) struct Options {
    #[arg(long, default_value = "127.0.0.1:8090")]
    addr: SocketAddr,
    /// A second address, which stays open when connections are refused
    #[arg(long)]
    control: Option<SocketAddr>,
    /// Append what is accepted to this file, one JSON line each; an old one is gone on with
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Take the credentials of this senders file
    #[arg(long, required_unless_present = "open", conflicts_with = "open")]
    senders: Option<PathBuf>,
    /// Take any credentials; reports are signed with those of the request
    #[arg(long)]
    open: bool,
    /// Where Meta's statuses go: {account} and {provider} stand for the names in the senders file
    #[arg(long, value_name = "URL")]
    meta_webhook: Option<String>,
    /// Misbehave from the begin as this JSON file says
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// The same seed draws the same faults, as far as requests come in the same order
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Options {
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<ExitCode> {
        let credentials = match &self.senders {
            Some(file) => Credentials::read(file)?,
            None => Credentials::open(),
        };
        let settings = SimulatorSettings {
            address: self.addr,
            control: self.control,
            journal: self.journal,
            credentials,
            meta_webhook: self.meta_webhook,
            faults: self.faults.map(read_faults).transpose()?.unwrap_or_default(),
            seed: self.seed,
        };
        let simulator = Simulator::bind(settings, stop).await?;
        println!("Twilio and Meta are simulated at http://{}", simulator.address()?);
        let (accepted, reports) = simulator.run().await?;
        println!(
            "{} accepted, {} of them more than once; {} reports acknowledged, {} not sent any more",
            accepted.accepted, accepted.duplicate_ids, reports.acknowledged, reports.waiting
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn read_faults(file: PathBuf) -> anyhow::Result<Faults> {
    let cannot = || format!("the faults of {} are not understood", file.display());
    serde_json::from_str(&std::fs::read_to_string(&file).with_context(cannot)?).with_context(cannot)
}
