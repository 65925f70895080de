use serde::Serialize;

use super::plan::{Action, TopicPlan};
use crate::output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Shown<'a> {
    profile: String,
    differs: bool,
    topics: &'a [TopicPlan],
}

/// The plan for people, or for programs.
pub(crate) fn plans(settings: &Settings, plans: &[TopicPlan], json: bool) -> anyhow::Result<()> {
    if json {
        let differs = !plans.iter().all(TopicPlan::is_satisfied);
        return output::json(&Shown { profile: settings.profile.to_string(), differs, topics: plans });
    }
    let mut rows = Vec::new();
    for plan in plans {
        let mut lines = lines_of(plan);
        if lines.is_empty() {
            lines.push("as the catalogue has it".to_owned());
        }
        for (index, line) in lines.into_iter().enumerate() {
            let topic = if index == 0 { plan.topic.clone() } else { String::new() };
            rows.push(vec![topic, line]);
        }
    }
    Ok(output::table(&["topic", &format!("difference ({} profile)", settings.profile)], rows)?)
}

/// `+` is made, `~` is changed, `!` needs a person, `=` is left alone.
fn lines_of(plan: &TopicPlan) -> Vec<String> {
    let mut lines = Vec::new();
    let made = || {
        let settings: Vec<String> =
            plan.wanted.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!(
            "{} partition(s), {} replica(s), {}",
            plan.wanted.partitions,
            plan.wanted.replicas,
            settings.join(" ")
        )
    };
    match plan.action {
        Action::Keep => {}
        Action::Create => lines.push(format!("+ make: {}", made())),
        Action::CreateAgain => {
            lines.push(format!(
                "+ make again, under a new incarnation (it has epochs, and is gone): {}",
                made()
            ));
        }
        Action::WriteEpochs => {
            lines.push(format!("+ write its first epochs record, {} partition(s)", plan.partitions))
        }
    }
    for change in &plan.changes {
        let from = change.from.as_deref().unwrap_or("(not set)");
        lines.push(format!("~ {}: {from} -> {}", change.setting, change.to));
    }
    lines.extend(plan.faults.iter().map(|fault| format!("! {fault}")));
    lines.extend(plan.notes.iter().map(|note| format!("= {note}")));
    lines
}
