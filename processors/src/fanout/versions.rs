use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use vendzz_schemas::campaign::CompiledCampaign;

use super::campaigns::{HeldCampaign, RecordPlace};
use super::quizzes::HeldQuiz;
use super::{QuizVersion, UnreadableQuiz};

/// What nobody asks for is let go after this long; a superseded version soon is.
const IDLE: Duration = Duration::from_mins(10);

/// Versions made ready, by their record's place. Bounded: what was let go is made again from the document.
pub struct Versions {
    quizzes: Cache<RecordPlace, Arc<QuizVersion>>,
    campaigns: Cache<RecordPlace, Option<Arc<CompiledCampaign>>>,
}

impl Versions {
    /// Keeps this many of each kind at most.
    pub fn new(at_most: u64) -> Self {
        Self {
            quizzes: Cache::builder().max_capacity(at_most).time_to_idle(IDLE).build(),
            campaigns: Cache::builder().max_capacity(at_most).time_to_idle(IDLE).build(),
        }
    }

    pub fn quiz(&self, held: &HeldQuiz) -> Result<Arc<QuizVersion>, UnreadableQuiz> {
        if let Some(ready) = self.quizzes.get(&held.place) {
            return Ok(ready);
        }
        let ready = Arc::new(QuizVersion::new(&held.definition)?);
        self.quizzes.insert(held.place, ready.clone());
        Ok(ready)
    }

    /// `None`: this program cannot work with that version.
    pub fn campaign(&self, held: &HeldCampaign) -> Option<Arc<CompiledCampaign>> {
        self.campaigns.get_with(held.place, || {
            let (campaign_id, revision) = (&held.definition.campaign_id, &held.definition.revision);
            match CompiledCampaign::new(campaign_id, revision, held.document.as_ref()?) {
                Ok(ready) => Some(Arc::new(ready)),
                Err(error) => {
                    tracing::error!(campaign_id, revision, %error, "a version of a campaign is not usable");
                    None
                }
            }
        })
    }
}
