use std::collections::HashSet;

use crate::campaign::CampaignDocument;
use crate::checking::Problems;

/// What stays as it was in the first version, and the ids of steps, which are never given out twice: a message's
/// id is derived from its step's, so a step that came back would be taken for the one that was removed.
pub(super) fn check(document: &CampaignDocument, former: &[CampaignDocument], problems: &mut Problems) {
    if let Some(first) = former.first() {
        let mut unchanged = |pointer, code, new: &str, old: &str| {
            if !new.is_empty() && new != old {
                problems.add(pointer, code, format!("is {old} in the first version, for ever"));
            }
        };
        // The account cannot differ: it is the quiz's, for ever.
        unchanged("/quizId", "quiz_changed", &document.quiz_id, &first.quiz_id);
        unchanged("/channel", "channel_changed", &document.channel, &first.channel);
    }
    let removed = removed_steps(former);
    let mut seen = HashSet::new();
    for (place, step) in document.steps.iter().enumerate() {
        if step.id.is_empty() {
            continue;
        }
        let pointer = format!("/steps/{place}/id");
        if removed.contains(step.id.as_str()) {
            let detail = "a former version had this step and a later one did not: use a new id";
            problems.add(&pointer, "step_id_reused", detail);
        }
        if !seen.insert(step.id.as_str()) {
            problems.add(&pointer, "duplicate_id", "another step has this id");
        }
    }
}

/// Ids of steps that some version had and the next one did not.
fn removed_steps(former: &[CampaignDocument]) -> HashSet<&str> {
    let mut removed = HashSet::new();
    for (before, after) in former.iter().zip(former.iter().skip(1)) {
        let is_kept = |id: &str| after.steps.iter().any(|step| step.id == id);
        removed.extend(before.steps.iter().map(|step| step.id.as_str()).filter(|id| !is_kept(id)));
    }
    removed
}
