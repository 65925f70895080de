//! The difference between the catalogue and the cluster, as a pure function of both.

use std::collections::BTreeMap;

use serde::Serialize;
use vendzz_schemas::events::TopicEpochs;
use vendzz_schemas::topics::{CATALOGUE, TopicSpec};

use super::cluster_state::{ClusterState, TopicState};
use super::new_topic_settings;
use crate::cluster::NewTopicSettings;
use crate::settings::Settings;

/// What is to be done with one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TopicPlan {
    /// Real name.
    pub(crate) topic: String,
    pub(crate) action: Action,
    /// Settings that get another value.
    pub(crate) changes: Vec<SettingChange>,
    /// Differences that `apply` leaves alone on purpose.
    pub(crate) notes: Vec<String>,
    /// Differences that a person must mend.
    pub(crate) faults: Vec<String>,
    /// As the catalogue and the profile have it.
    pub(crate) wanted: NewTopicSettings,
    /// Partitions that it has, or is made with: those of epoch 0.
    pub(crate) partitions: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// It exists and has epochs.
    Keep,
    /// It does not exist and never did.
    Create,
    /// It has epochs, and is gone: another topic of the same name.
    CreateAgain,
    /// It exists without epochs.
    WriteEpochs,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SettingChange {
    pub(crate) setting: &'static str,
    pub(crate) from: Option<String>,
    pub(crate) to: String,
}

impl TopicPlan {
    /// Nothing for `apply` to do, and nothing for a person.
    pub(crate) fn is_satisfied(&self) -> bool {
        !self.has_work() && self.faults.is_empty()
    }

    pub(crate) fn has_work(&self) -> bool {
        self.action != Action::Keep || !self.changes.is_empty()
    }
}

/// Every topic of the catalogue, in its order.
pub(crate) fn plan_all(settings: &Settings, state: &ClusterState) -> Vec<TopicPlan> {
    let plan_one = |spec: &TopicSpec| {
        let name = settings.kafka.name(spec.name);
        let epochs = state.epochs.get(&name);
        let wanted = new_topic_settings(spec, settings.profile);
        plan(spec, name.clone(), wanted, state.topics.get(&name), epochs.as_deref())
    };
    CATALOGUE.iter().map(plan_one).collect()
}

fn plan(
    spec: &TopicSpec,
    topic: String,
    wanted: NewTopicSettings,
    actual: Option<&TopicState>,
    epochs: Option<&TopicEpochs>,
) -> TopicPlan {
    let mut plan = TopicPlan {
        topic,
        action: Action::Keep,
        changes: Vec::new(),
        notes: Vec::new(),
        faults: Vec::new(),
        partitions: wanted.partitions,
        wanted,
    };
    let Some(actual) = actual else {
        plan.action = if epochs.is_some() { Action::CreateAgain } else { Action::Create };
        return plan;
    };
    compare_partitions(&mut plan, actual, epochs);
    compare_replicas(&mut plan, actual);
    compare_settings(&mut plan, actual);
    if epochs.is_none() {
        plan.action = Action::WriteEpochs;
        if spec.routed && actual.records() > 0 {
            plan.notes.push(format!(
                "holds {} records and has no epochs: projections will count them as those of a new topic",
                actual.records()
            ));
        }
    }
    plan
}

fn compare_partitions(plan: &mut TopicPlan, actual: &TopicState, epochs: Option<&TopicEpochs>) {
    let count = i32::try_from(actual.partitions.len()).unwrap_or(i32::MAX);
    let wanted = plan.wanted.partitions;
    plan.partitions = count;
    let routed_to = epochs.into_iter().flat_map(|epochs| &epochs.epochs).map(|epoch| epoch.partitions).max();
    if let Some(routed_to) = routed_to.filter(|routed_to| count < *routed_to) {
        plan.faults.push(format!(
            "has {count} partitions, and its epochs route to {routed_to}: it was made again without `vendzz topics apply`"
        ));
        return;
    }
    if count != wanted {
        plan.notes.push(format!(
            "has {count} partitions, the catalogue says {wanted}: kept, since ids are routed by the partition count"
        ));
    }
}

fn compare_replicas(plan: &mut TopicPlan, actual: &TopicState) {
    let (has, wanted) = (actual.replicas(), usize::try_from(plan.wanted.replicas).unwrap_or(0));
    if has < wanted {
        plan.faults.push(format!(
            "has {has} replicas where {wanted} are wanted: reassign its partitions (kafka-reassign-partitions.sh)"
        ));
    } else if has > wanted {
        plan.notes.push(format!("has {has} replicas, more than the {wanted} wanted: kept"));
    }
    let leaderless: Vec<i32> = actual
        .partitions
        .iter()
        .filter(|partition| partition.leader.is_none())
        .map(|partition| partition.id)
        .collect();
    if !leaderless.is_empty() {
        plan.faults.push(format!("no broker leads partitions {leaderless:?}"));
    }
}

fn compare_settings(plan: &mut TopicPlan, actual: &TopicState) {
    for (setting, to) in &plan.wanted.settings {
        let from = actual.settings.get(*setting).map(|setting| setting.value.clone());
        if from.as_ref() != Some(to) {
            plan.changes.push(SettingChange { setting, from, to: to.clone() });
        }
    }
    for (setting, held) in foreign_settings(&plan.wanted, actual) {
        plan.notes.push(format!("{setting}={held} is not the catalogue's: kept"));
    }
}

/// Settings of the topic's own that the catalogue does not know.
fn foreign_settings<'a>(wanted: &NewTopicSettings, actual: &'a TopicState) -> BTreeMap<&'a str, &'a str> {
    let foreign = actual
        .settings
        .iter()
        .filter(|(name, held)| held.own && !wanted.settings.contains_key(name.as_str()));
    foreign.map(|(name, held)| (name.as_str(), held.value.as_str())).collect()
}

/// The whole of a topic's own settings after the plan: the broker forgets what it is not told.
pub(crate) fn all_settings(wanted: &NewTopicSettings, actual: &TopicState) -> BTreeMap<String, String> {
    let foreign =
        foreign_settings(wanted, actual).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let ours = wanted.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    foreign.chain(ours).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
