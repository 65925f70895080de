use std::collections::BTreeMap;

use serde::Serialize;
use vendzz_schemas::events::Epoch;
use vendzz_schemas::topics::{CATALOGUE, spec};

use super::cluster_state::{ClusterState, TopicState};
use crate::cluster::Cluster;
use crate::exit::{Answer, Usage};
use crate::output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Described {
    topic: String,
    exists: bool,
    partitions: Vec<Partition>,
    settings: BTreeMap<String, String>,
    incarnation: Option<String>,
    epochs: Vec<Epoch>,
}

#[derive(Serialize)]
struct Partition {
    id: i32,
    leader: Option<i32>,
    replicas: usize,
    in_sync: usize,
    low: Option<i64>,
    high: Option<i64>,
}

/// Without a topic: a line for each. With one: everything about it.
pub(crate) async fn run(settings: &Settings, topic: Option<&str>, json: bool) -> anyhow::Result<Answer> {
    let base = topic.map(|name| settings.kafka.namespace.base(name).unwrap_or(name));
    if let Some(unknown) = base.filter(|name| spec(name).is_none()) {
        let known: Vec<&str> = CATALOGUE.iter().map(|topic| topic.name).collect();
        return Err(
            Usage(format!("{unknown} is not in the catalogue, which has {}", known.join(", "))).into()
        );
    }
    let cluster = Cluster::connect(&settings.kafka)?;
    let state = ClusterState::read(&cluster).await?;
    let chosen = CATALOGUE.iter().filter(|topic| base.is_none_or(|base| base == topic.name));
    let described: Vec<Described> =
        chosen.map(|topic| describe(settings.kafka.name(topic.name), &state)).collect();
    let all_exist = described.iter().all(|topic| topic.exists);
    match described.as_slice() {
        all if json => output::json(&all)?,
        [one] if topic.is_some() => show_one(one)?,
        all => show_all(all)?,
    }
    Ok(Answer::yes_if(all_exist))
}

fn describe(topic: String, state: &ClusterState) -> Described {
    let actual = state.topics.get(&topic);
    let epochs = state.epochs.get(&topic);
    Described {
        exists: actual.is_some(),
        partitions: actual.map(partitions).unwrap_or_default(),
        settings: actual.map(own_settings).unwrap_or_default(),
        incarnation: epochs.as_ref().map(|epochs| epochs.incarnation.clone()),
        epochs: epochs.map(|epochs| epochs.epochs.clone()).unwrap_or_default(),
        topic,
    }
}

fn partitions(actual: &TopicState) -> Vec<Partition> {
    let partition = |state: &crate::cluster::PartitionState| {
        let ends = actual.watermarks.get(&state.id);
        Partition {
            id: state.id,
            leader: state.leader,
            replicas: state.replicas,
            in_sync: state.in_sync,
            low: ends.map(|(low, _)| *low),
            high: ends.map(|(_, high)| *high),
        }
    };
    actual.partitions.iter().map(partition).collect()
}

fn own_settings(actual: &TopicState) -> BTreeMap<String, String> {
    let own = actual.settings.iter().filter(|(_, setting)| setting.own);
    own.map(|(name, setting)| (name.clone(), setting.value.clone())).collect()
}

fn show_all(topics: &[Described]) -> anyhow::Result<()> {
    let row = |topic: &Described| {
        if !topic.exists {
            return vec![topic.topic.clone(), "missing".to_owned()];
        }
        let offsets: i64 =
            topic.partitions.iter().filter_map(|partition| Some(partition.high? - partition.low?)).sum();
        let least = |of: fn(&Partition) -> usize| topic.partitions.iter().map(of).min().unwrap_or(0);
        vec![
            topic.topic.clone(),
            topic.partitions.len().to_string(),
            format!("{}/{}", least(|partition| partition.in_sync), least(|partition| partition.replicas)),
            offsets.to_string(),
            topic.epochs.len().to_string(),
            topic.incarnation.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let header = ["topic", "partitions", "in sync", "offsets", "epochs", "incarnation"];
    Ok(output::table(&header, topics.iter().map(row))?)
}

fn show_one(topic: &Described) -> anyhow::Result<()> {
    output::line(format!("{}{}", topic.topic, if topic.exists { "" } else { ": does not exist" }))?;
    if let Some(incarnation) = &topic.incarnation {
        output::line(format!("incarnation {incarnation}"))?;
    }
    let epoch = |epoch: &Epoch| {
        vec![
            epoch.number.to_string(),
            epoch.begins_at.to_string(),
            epoch.partitions.to_string(),
            epoch.salt.to_string(),
        ]
    };
    output::line("")?;
    output::table(&["epoch", "begins at (ms)", "partitions", "salt"], topic.epochs.iter().map(epoch))?;
    let setting = |(name, value): (&String, &String)| vec![name.clone(), value.clone()];
    output::line("")?;
    output::table(&["setting", "value"], topic.settings.iter().map(setting))?;
    let optional = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
    let partition = |partition: &Partition| {
        vec![
            partition.id.to_string(),
            optional(partition.leader.map(i64::from)),
            format!("{}/{}", partition.in_sync, partition.replicas),
            optional(partition.low),
            optional(partition.high),
        ]
    };
    output::line("")?;
    Ok(output::table(
        &["partition", "leader", "in sync", "low", "high"],
        topic.partitions.iter().map(partition),
    )?)
}
