use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;

use crate::installation::local_folder;

const SIMULATOR: &str = "127.0.0.1:8090";

/// Where the providers are simulated, and where they keep their journals.
#[derive(Debug, Clone)]
pub struct SendingSettings {
    pub simulator: SocketAddr,
    /// Of Twilio and Meta.
    pub simulator_journal: PathBuf,
    /// Of the SMTP server.
    pub smtp_journal: PathBuf,
}

impl SendingSettings {
    /// `VENDZZ_PROVIDERS_ADDR`, `VENDZZ_PROVIDERS_JOURNAL`, `VENDZZ_SMTP_JOURNAL`; by default those of the local stack.
    pub fn from_env() -> anyhow::Result<Self> {
        let address = variable("VENDZZ_PROVIDERS_ADDR").unwrap_or_else(|| SIMULATOR.to_owned());
        let data = local_folder().join("data");
        let journal =
            |name: &str, default: &str| variable(name).map_or_else(|| data.join(default), PathBuf::from);
        Ok(Self {
            simulator: address.parse().with_context(|| {
                format!("VENDZZ_PROVIDERS_ADDR: {address:?} is no address such as {SIMULATOR}")
            })?,
            simulator_journal: journal("VENDZZ_PROVIDERS_JOURNAL", "providers/accepted.jsonl"),
            smtp_journal: journal("VENDZZ_SMTP_JOURNAL", "mail/journal.jsonl"),
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
