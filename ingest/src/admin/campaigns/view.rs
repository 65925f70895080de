//! What the admin API shows of a campaign.

use std::sync::Arc;

use serde_json::{Value, json};
use vendzz_schemas::events::CampaignDefinition;

use super::super::definitions::{Held, Version};
use super::super::publisher::Changed;
use super::super::refusal::Refusal;
use super::Campaigns;

/// A version with its document.
pub(in super::super) fn version(version: &Version<Campaigns>) -> Result<Value, Refusal> {
    let document: Value = serde_json::from_str(&version.event.document).map_err(|_| Refusal::Internal)?;
    let mut view = summary(&version.event);
    view["document"] = document;
    Ok(view)
}

/// What a change led to.
pub(in super::super) fn changed(changed: &Changed<Campaigns>) -> Value {
    let mut view = summary(&changed.event);
    view["outcome"] = changed.outcome.word().into();
    view
}

/// One page; `page` holds one campaign more than `limit` when there is a next one.
pub(in super::super) fn list(page: &[Arc<Version<Campaigns>>], limit: usize) -> Value {
    let shown = &page[..page.len().min(limit)];
    let mut view = json!({ "campaigns": shown.iter().map(|version| entry(version)).collect::<Vec<_>>() });
    if page.len() > limit
        && let Some(last) = shown.last()
    {
        view["next"] = last.event.campaign_id.clone().into();
    }
    view
}

/// One page of a campaign's versions, newest first; `page` holds one more than `limit` when there is a next
/// one.
pub(in super::super) fn versions(campaign_id: &str, page: &[Held<Campaigns>], limit: usize) -> Value {
    let shown = &page[..page.len().min(limit)];
    let versions: Vec<Value> = shown.iter().map(revision).collect();
    let mut view = json!({ "campaignId": campaign_id, "versions": versions });
    if page.len() > limit {
        view["next"] = versions.last().map(|last| last["revision"].clone()).unwrap_or_default();
    }
    view
}

/// `appendedAt` is the log's time, from which a version's coming into force is counted.
fn revision(held: &Held<Campaigns>) -> Value {
    match held {
        Ok(version) => json!({
            "revision": version.tag.as_str(),
            "state": version.event.state,
            "changedAt": version.event.changed_at,
            "appendedAt": version.appended_at,
        }),
        Err(unreadable) => json!({ "revision": unreadable.tag.as_str(), "unreadable": true }),
    }
}

fn entry(version: &Version<Campaigns>) -> Value {
    let mut view = summary(&version.event);
    view["name"] = version.headline.name.clone().into();
    view["channel"] = version.headline.channel.clone().into();
    view["audience"] = version.headline.audience.clone().into();
    view
}

fn summary(event: &CampaignDefinition) -> Value {
    json!({
        "campaignId": event.campaign_id,
        "accountId": event.account_id,
        "quizId": event.quiz_id,
        "state": event.state,
        "revision": event.revision,
        "changedAt": event.changed_at,
    })
}
