use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use vendzz_schemas::campaign::{CampaignDocument, CampaignVersion, CampaignVersions, effective_from};
use vendzz_schemas::events::{CampaignDefinition, CampaignState};

use super::planted::Fault;

/// One version of a campaign, as it stands in the log.
#[derive(Debug)]
pub struct HeldCampaign {
    /// Its record's place on `campaign.definition.v1`, which is also its name in the cache of compiled versions.
    pub place: RecordPlace,
    pub definition: CampaignDefinition,
    /// `None`: this program cannot read it; then it makes no messages, and no former version does.
    pub document: Option<CampaignDocument>,
}

/// Partition and offset of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordPlace {
    pub partition: i32,
    pub offset: i64,
}

/// Every version of every campaign that may still be in force at some moment, in memory.
#[derive(Default)]
pub struct HeldCampaigns {
    notice_ms: i64,
    held: RwLock<Held>,
}

#[derive(Default)]
struct Held {
    campaigns: HashMap<String, CampaignVersions<Arc<HeldCampaign>>>,
    /// Campaigns that have a version for the quiz. Which quiz counts, the version in force says.
    of_quiz: HashMap<String, BTreeSet<String>>,
    versions: usize,
}

impl HeldCampaigns {
    /// `notice_ms`: a version is in force so long after its append at the earliest.
    pub fn new(notice_ms: i64) -> Self {
        Self { notice_ms, held: RwLock::default() }
    }

    /// Takes one record of the log, appended at `append_ms`. Returns how many versions came so far.
    pub fn apply(&self, place: RecordPlace, append_ms: i64, definition: CampaignDefinition) -> usize {
        let document: Option<CampaignDocument> = match serde_json::from_str(&definition.document) {
            Ok(document) => Some(document),
            Err(error) => {
                // The error's text may quote the document.
                let (campaign_id, revision) = (&definition.campaign_id, &definition.revision);
                let (line, column) = (error.line(), error.column());
                tracing::error!(campaign_id, revision, line, column, "a campaign's document is not readable");
                None
            }
        };
        // A pause, too, may stand in a document that was to begin later: it stops what was in force before.
        let is_active = definition.state() == CampaignState::Active;
        let active_from = document.as_ref().and_then(|document| document.active_from).filter(|_| is_active);
        let effective_from = effective_from(append_ms, active_from, self.notice_ms);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (campaign_id, quiz_id) = (definition.campaign_id.clone(), definition.quiz_id.clone());
        let content = Arc::new(HeldCampaign { place, definition, document });
        let versions = held.campaigns.entry(campaign_id.clone()).or_default();
        if versions.push(CampaignVersion { offset: place.offset, effective_from, content }) {
            held.versions += 1;
            held.of_quiz.entry(quiz_id).or_default().insert(campaign_id);
        }
        held.versions
    }

    /// The version in force at a moment (milliseconds since 1970, UTC) of each campaign that follows up this
    /// quiz, in the order of the campaigns' ids; whatever its state and account.
    pub fn in_force(&self, quiz_id: &str, at_ms: i64, into: &mut Vec<Arc<HeldCampaign>>) {
        into.clear();
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let Some(campaigns) = held.of_quiz.get(quiz_id) else { return };
        for campaign_id in campaigns {
            let Some(versions) = held.campaigns.get(campaign_id) else { continue };
            let version = match Fault::NewestCampaign.is_planted() {
                true => versions.newest(),
                false => versions.in_force_at(at_ms),
            };
            if let Some(version) = version
                && version.content.definition.quiz_id == quiz_id
            {
                into.push(version.content.clone());
            }
        }
    }

    /// Campaigns by id, each with all versions that are held: for a preview.
    pub fn all(&self) -> BTreeMap<String, CampaignVersions<Arc<HeldCampaign>>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.campaigns.iter().map(|(id, versions)| (id.clone(), versions.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTICE: i64 = 90_000;

    fn version(
        campaign_id: &str,
        quiz_id: &str,
        revision: &str,
        active_from: Option<i64>,
    ) -> CampaignDefinition {
        let document = serde_json::json!({
            "accountId": "conta", "quizId": quiz_id, "name": "n", "channel": "sms", "audience": "all",
            "state": "active", "activeFrom": active_from, "steps": [], "senderPool": "p",
        });
        CampaignDefinition {
            account_id: "conta".to_owned(),
            campaign_id: campaign_id.to_owned(),
            revision: revision.to_owned(),
            quiz_id: quiz_id.to_owned(),
            state: "active".to_owned(),
            changed_at: 0,
            document: document.to_string(),
        }
    }

    fn apply(held: &HeldCampaigns, offset: i64, append_ms: i64, definition: CampaignDefinition) {
        held.apply(RecordPlace { partition: 0, offset }, append_ms, definition);
    }

    fn revisions(held: &HeldCampaigns, quiz_id: &str, at_ms: i64) -> Vec<String> {
        let mut found = Vec::new();
        held.in_force(quiz_id, at_ms, &mut found);
        found.iter().map(|version| version.definition.revision.clone()).collect()
    }

    #[test]
    fn a_version_counts_after_its_notice_and_not_before_its_own_date() {
        let held = HeldCampaigns::new(NOTICE);
        apply(&held, 0, 1_000, version("a", "q", "a1", None));
        apply(&held, 1, 2_000, version("b", "q", "b1", Some(500_000)));
        apply(&held, 2, 3_000, version("c", "other", "c1", None));
        apply(&held, 3, 50_000, version("a", "q", "a2", None));
        assert_eq!(revisions(&held, "q", 90_999), Vec::<String>::new());
        assert_eq!(revisions(&held, "q", 91_000), ["a1"]);
        assert_eq!(revisions(&held, "q", 139_999), ["a1"]);
        assert_eq!(revisions(&held, "q", 140_000), ["a2"]);
        assert_eq!(revisions(&held, "q", 500_000), ["a2", "b1"]);
        assert_eq!(revisions(&held, "nothing", 500_000), Vec::<String>::new());
    }

    #[test]
    fn a_pause_counts_after_its_notice_although_what_it_pauses_was_to_begin_later() {
        let held = HeldCampaigns::new(NOTICE);
        apply(&held, 0, 0, version("a", "q", "a1", None));
        apply(&held, 1, 1_000, version("a", "q", "a2", Some(900_000)));
        let paused = version("a", "q", "a3", Some(900_000));
        apply(&held, 2, 2_000, CampaignDefinition { state: "paused".to_owned(), ..paused });
        assert_eq!(revisions(&held, "q", 91_999), ["a1"]);
        assert_eq!(revisions(&held, "q", 92_000), ["a3"]);
        assert_eq!(revisions(&held, "q", 900_000), ["a3"]);
    }

    #[test]
    fn a_version_that_cannot_be_read_ends_the_former() {
        let held = HeldCampaigns::new(NOTICE);
        apply(&held, 0, 0, version("a", "q", "a1", None));
        apply(
            &held,
            1,
            1_000,
            CampaignDefinition { document: "[]".to_owned(), ..version("a", "q", "a2", None) },
        );
        let mut found = Vec::new();
        held.in_force("q", 91_000, &mut found);
        assert_eq!(found.len(), 1);
        assert!(found[0].document.is_none());
    }

    #[test]
    fn a_record_read_again_changes_nothing() {
        let held = HeldCampaigns::new(NOTICE);
        apply(&held, 0, 0, version("a", "q", "a1", None));
        apply(&held, 1, 1_000, version("a", "q", "a2", None));
        apply(&held, 0, 0, version("a", "q", "a1", None));
        assert_eq!(revisions(&held, "q", 200_000), ["a2"]);
    }
}
