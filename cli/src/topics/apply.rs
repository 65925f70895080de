use anyhow::{Context, bail};
use uuid::Uuid;
use vendzz_runtime::kafka::{OutgoingRecord, Producer};
use vendzz_runtime::tables::SchemaIds;
use vendzz_schemas::codec::Encoder;
use vendzz_schemas::events::{Epoch, TopicEpochs};
use vendzz_schemas::topics::{SALT, TOPIC_EPOCH};

use super::cluster_state::ClusterState;
use super::plan::{Action, TopicPlan, all_settings, plan_all};
use super::show;
use crate::cluster::Cluster;
use crate::exit::Answer;
use crate::output;
use crate::settings::Settings;

pub(crate) async fn run(settings: &Settings, yes: bool, json: bool) -> anyhow::Result<Answer> {
    let cluster = Cluster::connect(&settings.kafka)?;
    let state = ClusterState::read(&cluster).await?;
    let plans = plan_all(settings, &state);
    show::plans(settings, &plans, json)?;
    let satisfied = plans.iter().all(|plan| plan.faults.is_empty());
    if !plans.iter().any(TopicPlan::has_work) {
        return Ok(Answer::yes_if(satisfied));
    }
    let epoch_log = EpochLog::open(&cluster, &state)?;
    let is_wanted = yes || (output::can_ask() && output::ask("Apply?")?);
    if !is_wanted {
        output::progress("nothing was done; `vendzz topics apply --yes` does it");
        return Ok(Answer::No);
    }
    let mut work: Vec<&TopicPlan> = plans.iter().filter(|plan| plan.has_work()).collect();
    // The topic that takes the epochs of all comes first.
    work.sort_by_key(|plan| plan.topic != epoch_log.topic);
    for plan in work {
        apply(&cluster, &epoch_log, &state, plan).await?;
    }
    Ok(Answer::yes_if(satisfied))
}

async fn apply(
    cluster: &Cluster,
    log: &EpochLog,
    state: &ClusterState,
    plan: &TopicPlan,
) -> anyhow::Result<()> {
    let topic = &plan.topic;
    match plan.action {
        Action::Keep => {}
        Action::WriteEpochs => log.write(topic, plan.partitions).await?,
        Action::Create | Action::CreateAgain if *topic == log.topic => {
            cluster.create_topic(topic, &plan.wanted).await?;
            log.write(topic, plan.partitions).await?;
        }
        // The epochs come first: should this be interrupted between the two, the topic is still
        // missing and is made under yet another incarnation. The other way round it would be
        // found there, empty, under the incarnation of the one that is gone.
        Action::Create | Action::CreateAgain => {
            log.write(topic, plan.partitions).await?;
            cluster.create_topic(topic, &plan.wanted).await?;
        }
    }
    if !plan.changes.is_empty()
        && let Some(actual) = state.topics.get(topic)
    {
        cluster.replace_settings(topic, &all_settings(&plan.wanted, actual)).await?;
    }
    output::progress(format!("applied {topic}"));
    Ok(())
}

/// Writes `topic.epoch.v1`.
struct EpochLog {
    topic: String,
    producer: Producer,
    encoder: Encoder<TopicEpochs>,
}

impl EpochLog {
    /// Before anything is made: without a schema id no topic could get its epochs.
    fn open(cluster: &Cluster, state: &ClusterState) -> anyhow::Result<Self> {
        let topic = cluster.config().name(TOPIC_EPOCH);
        let schema_ids = SchemaIds::default();
        for schema in state.schemas.all() {
            schema_ids.insert(schema.clone());
        }
        let encoder = schema_ids.encoder(&topic)?;
        Ok(Self { topic, producer: cluster.producer()?, encoder })
    }

    /// A new incarnation of a topic, with epoch 0.
    async fn write(&self, topic: &str, partitions: i32) -> anyhow::Result<()> {
        if partitions < 1 {
            bail!("{topic} has no partitions yet; run this again");
        }
        let epochs = TopicEpochs {
            topic: topic.to_owned(),
            incarnation: Uuid::new_v4().to_string(),
            epochs: vec![Epoch { number: 0, begins_at: 0, partitions, salt: SALT }],
        };
        let payload = self.encoder.encode(&epochs)?;
        let record = OutgoingRecord {
            topic: &self.topic,
            partition: 0,
            key: topic.as_bytes(),
            payload: Some(&payload),
            headers: &[],
        };
        let sent = self.producer.send(&record).await;
        sent.map(|_| ()).with_context(|| format!("the epochs of {topic} were not written; run this again"))
    }
}
