//! Publishing the campaigns that follow up, through the admin API like anybody else.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::admin_api::AdminApi;
use crate::installation::Installation;

/// Clocks of services and brokers on one machine differ by less.
const CLOCKS_DIFFER: Duration = Duration::from_millis(500);

/// A campaign as it stands in a folder: its id is the file's name.
#[derive(Debug, Clone)]
pub struct CampaignFile {
    pub id: String,
    pub document: Value,
}

/// All `*.json` of a folder, in alphabetical order.
pub fn read_campaign_files(folder: &Path) -> anyhow::Result<Vec<CampaignFile>> {
    let files = crate::traffic::read_quiz_files(folder)?;
    Ok(files.into_iter().map(|file| CampaignFile { id: file.id, document: file.document }).collect())
}

/// The campaigns of demo and trials.
pub fn example_campaigns() -> anyhow::Result<Vec<CampaignFile>> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("campaigns");
    // A program that was moved elsewhere is run in a checkout.
    let folder = if checkout.exists() { checkout } else { "load-tests/campaigns".into() };
    read_campaign_files(&folder).context("the example campaigns")
}

/// A version that the admin API has taken.
#[derive(Debug, Clone)]
pub struct PublishedCampaign {
    pub id: String,
    pub state: String,
    /// When the API took it (it may have been long ago), milliseconds since 1970 (UTC).
    pub changed_at: i64,
}

pub struct Campaigns<'i>(AdminApi<'i>);

impl<'i> Campaigns<'i> {
    pub fn new(installation: &'i Installation) -> Self {
        Self(AdminApi::new(installation))
    }

    /// Puts a campaign as its next version; the version that is there already stays when it says the same.
    pub async fn publish(&self, campaign: &CampaignFile) -> anyhow::Result<PublishedCampaign> {
        let path = format!("/api/campaigns/{}", campaign.id);
        let answer = self
            .0
            .put_next(&path, &campaign.document)
            .await
            .with_context(|| format!("campaign {} was not published", campaign.id))?;
        let state = answer["state"].as_str().context("the answer holds no state")?.to_owned();
        let changed_at = answer["changedAt"].as_i64().context("the answer holds no changedAt")?;
        Ok(PublishedCampaign { id: campaign.id.clone(), state, changed_at })
    }

    /// The same campaign in another state.
    pub async fn set_state(&self, campaign: &CampaignFile, state: &str) -> anyhow::Result<PublishedCampaign> {
        let mut document = campaign.document.clone();
        document["state"] = json!(state);
        self.publish(&CampaignFile { id: campaign.id.clone(), document }).await
    }
}

/// How long it takes from now until all of these are in force.
pub fn until_in_force(published: &[PublishedCampaign], notice: Duration) -> Duration {
    let newest = published.iter().map(|campaign| campaign.changed_at).max().unwrap_or_default();
    let now = chrono::Utc::now().timestamp_millis();
    let since = Duration::from_millis(u64::try_from(now - newest).unwrap_or(0));
    (notice + CLOCKS_DIFFER).saturating_sub(since)
}

#[cfg(test)]
pub(crate) mod tests {
    use vendzz_schemas::campaign::{CampaignContext, check_campaign_value};

    use super::*;

    #[test]
    fn the_examples_cover_every_channel_audience_and_state_that_is_asked_for() {
        let campaigns = example_campaigns().unwrap();
        let has =
            |field: &str, value: &str| campaigns.iter().any(|campaign| campaign.document[field] == value);
        for (field, values) in [
            ("channel", &["sms", "email", "whatsapp", "voice"][..]),
            ("audience", &["all", "completed", "abandoned"]),
            ("state", &["active", "paused", "draft"]),
            ("quizId", &["cursos", "emagrecimento", "emprestimo"]),
        ] {
            assert!(values.iter().all(|value| has(field, value)), "{field}");
        }
    }

    /// What the admin API would say of campaigns, each as the first version.
    pub(crate) fn expect_publishable(campaigns: &[CampaignFile]) {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
        let quizzes = crate::traffic::read_quiz_files(&examples).unwrap();
        for campaign in campaigns {
            let quiz = quizzes.iter().find(|quiz| campaign.document["quizId"] == quiz.id).unwrap();
            let document = serde_json::from_value(quiz.document.clone()).unwrap();
            let context = CampaignContext { quiz: &document, quiz_id: &quiz.id, retired: &[], former: &[] };
            let checked = check_campaign_value(&campaign.document, &context);
            assert!(checked.is_ok(), "{}: {:#?}", campaign.id, checked.err());
        }
    }

    #[test]
    fn the_examples_can_be_published() {
        expect_publishable(&example_campaigns().unwrap());
    }
}
