//! `vendzz topics`: the catalogue against the cluster.

mod apply;
mod cluster_state;
mod describe;
mod plan;
mod show;
mod stored_epochs;
mod wanted;

use clap::Subcommand;

use crate::exit::Answer;
use crate::settings::Settings;

pub(crate) use stored_epochs::read_epochs;
pub(crate) use wanted::new_topic_settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What `apply` would do; exit status 1 when there is a difference
    Plan {
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// Make the cluster match the catalogue: never deletes, never shrinks. Run one at a time
    Apply {
        #[arg(long, help = "Don't ask")]
        yes: bool,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
    /// How the topics of the catalogue stand on the cluster
    Describe {
        #[arg(help = "One topic of the catalogue, e.g. quiz.submission.v1; all when absent")]
        topic: Option<String>,
        #[arg(long, help = "Print JSON")]
        json: bool,
    },
}

pub(crate) async fn run(command: Command, settings: &Settings) -> anyhow::Result<Answer> {
    match command {
        Command::Plan { json } => plan_only(settings, json).await,
        Command::Apply { yes, json } => apply::run(settings, yes, json).await,
        Command::Describe { topic, json } => describe::run(settings, topic.as_deref(), json).await,
    }
}

async fn plan_only(settings: &Settings, json: bool) -> anyhow::Result<Answer> {
    let cluster = crate::cluster::Cluster::connect(&settings.kafka)?;
    let state = cluster_state::ClusterState::read(&cluster).await?;
    let plans = plan::plan_all(settings, &state);
    show::plans(settings, &plans, json)?;
    Ok(Answer::yes_if(plans.iter().all(plan::TopicPlan::is_satisfied)))
}
