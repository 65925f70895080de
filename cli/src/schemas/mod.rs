//! `vendzz schemas`: the Avro schemas of the catalogue, the registry, and `schema.id.v1`.

mod check;
mod list;
mod register;
mod stored;

use clap::Subcommand;
use vendzz_schemas::topics::{AvroRecord, CATALOGUE, Encoding, Namespace, subject};

use crate::exit::Answer;
use crate::settings::Settings;

pub(crate) use stored::StoredSchemas;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What the registry holds for each record type, and what stands on schema.id.v1
    List {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Whether the schemas of this build are registered or could be; exit status 1 if one is refused or missing
    Check {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Register the schemas of this build and write their ids to schema.id.v1; quiet about what is done already
    Register {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(crate) async fn run(command: Command, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        Command::List { json } => list::run(settings, json).await,
        Command::Check { json } => check::run(settings, json).await,
        Command::Register { json } => register::run(settings, json).await,
    }
}

/// One record type in one topic.
struct Registration {
    record: &'static AvroRecord,
    subject: String,
}

/// Every record type of the catalogue, topic by topic.
fn registrations(namespace: &Namespace) -> Vec<Registration> {
    let mut all = Vec::new();
    for topic in CATALOGUE {
        let Encoding::Avro(records) = topic.encoding else { continue };
        for record in records {
            all.push(Registration {
                record,
                subject: subject(&namespace.name(topic.name), record.full_name),
            });
        }
    }
    all
}
