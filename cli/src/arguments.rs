//! What may stand on the command line.

use clap::{Parser, Subcommand};

use crate::{campaign, lag, message, permissions, schemas, stats, tail, topics};

const ENVIRONMENT: &str = "\
Environment, with the defaults of the local stack:
  VENDZZ_PROFILE          local, or production
  VENDZZ_KAFKA_BOOTSTRAP  127.0.0.1:19092
  VENDZZ_KAFKA_PREFIX     prefix of every topic and group; empty
  VENDZZ_REGISTRY_URL     http://127.0.0.1:18081/apis/ccompat/v7
  VENDZZ_CQL_NODES        127.0.0.1:19042
  VENDZZ_CQL_KEYSPACE     vendzz
  VENDZZ_POSTGRES_URL     postgres://vendzz@127.0.0.1:15432/vendzz

Exit status: 0 done; 1 the answer is no, or it failed; 64 wrong usage; 69 a part is away.";

/// Topics, schemas, lag, results, messages and permissions of Vendzz Stream.
#[derive(Debug, Parser)]
#[command(name = "vendzz", version, after_help = ENVIRONMENT, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The schemas of the events, and the registry
    Schemas {
        #[command(subcommand)]
        command: schemas::Command,
    },
    /// The topics, as the catalogue has them and as the cluster has them
    Topics {
        #[command(subcommand)]
        command: topics::Command,
    },
    /// The records of a topic, decoded
    Tail(tail::Options),
    /// How far each projection is behind the log, in records and in seconds
    Lag(lag::Options),
    /// Campaigns, and what they would say to a response
    Campaign {
        #[command(subcommand)]
        command: campaign::Command,
    },
    /// What both projections hold of a quiz
    Stats(stats::Options),
    /// A message's whole life: where it stands, and what happened to it
    Message(message::Options),
    /// Who must not be written to
    Suppression {
        #[command(subcommand)]
        command: permissions::SuppressionCommand,
    },
    /// Who has consented to be written to
    Consent {
        #[command(subcommand)]
        command: permissions::ConsentCommand,
    },
    /// What was ever changed of a contact's consent and suppression
    Permissions {
        #[command(subcommand)]
        command: permissions::PermissionsCommand,
    },
    /// The reference of all metrics, as Markdown (docs/metrics.md)
    Metrics,
}
