//! Campaigns, as one kind of what is published: a version's name is its revision, a UUID of its own, and
//! every version stays in the log, since what was due under one of them is due for ever.

mod judge;
mod view;

use std::borrow::Cow;

use vendzz_runtime::telemetry::MetricName;
use vendzz_schemas::campaign::CampaignDocument;
use vendzz_schemas::events::CampaignDefinition;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::topics;

use super::kind::{Kind, Thing, VersionTag};

pub(super) use judge::{Publication, Stamp};
pub(super) use view::{changed, list, version, versions};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Campaigns;

/// What a list shows of a campaign's document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CampaignHeadline {
    pub(super) name: String,
    pub(super) channel: String,
    pub(super) audience: String,
}

impl Kind for Campaigns {
    type Event = CampaignDefinition;
    type Headline = CampaignHeadline;

    const THING: Thing = Thing::Campaign;
    const TOPIC: &'static str = topics::CAMPAIGN_DEFINITION;
    const KEEPS_FORMER: bool = true;
    const LATCH_PREFIX: &'static str = "campaign_";
    const CHANGES: MetricName = MetricName::CampaignChanges;
    const HELD: MetricName = MetricName::CampaignsHeld;

    fn id(event: &CampaignDefinition) -> &str {
        &event.campaign_id
    }

    fn key(event: &CampaignDefinition) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", event.campaign_id, event.revision))
    }

    fn tag(event: &CampaignDefinition, _offset: i64) -> VersionTag {
        VersionTag::new(&event.revision)
    }

    fn read_key(key: &str, _offset: i64) -> Option<(&str, VersionTag)> {
        let (campaign_id, revision) = key.split_once('/')?;
        let revision = TimedId::parse(revision).ok()?;
        Some((campaign_id, VersionTag::new(revision)))
    }

    fn headline(event: &CampaignDefinition) -> Result<CampaignHeadline, serde_json::Error> {
        let document: CampaignDocument = serde_json::from_str(&event.document)?;
        Ok(CampaignHeadline { name: document.name, channel: document.channel, audience: document.audience })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign, revision, tag};
    use super::*;

    #[test]
    fn a_key_is_the_campaign_and_its_revision() {
        let event = campaign("boas-vindas", "q", "acc", "draft");
        let key = Campaigns::key(&event);
        assert_eq!(key, format!("boas-vindas/{}", revision(0)));
        assert_eq!(Campaigns::read_key(&key, 7), Some(("boas-vindas", tag(revision(0)))));
        for other in ["boas-vindas", "boas-vindas/", "boas-vindas/1", "a/b/c"] {
            assert_eq!(Campaigns::read_key(other, 7), None, "{other}");
        }
    }
}
