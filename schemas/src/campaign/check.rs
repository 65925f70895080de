use serde_json::Value;

use super::CampaignDocument;
use crate::definition::{DefinitionProblem, QuizDocument, RetiredElement};

/// What a campaign is checked against.
#[derive(Debug, Clone, Copy)]
pub struct CampaignContext<'a> {
    /// The quiz's newest version.
    pub quiz: &'a QuizDocument,
    pub quiz_id: &'a str,
    pub retired: &'a [RetiredElement],
    /// The campaign's former versions, oldest first.
    pub former: &'a [CampaignDocument],
}

/// The whole check of a campaign on writing: every problem at once, each with its pointer.
pub fn check_campaign_value(
    document: &Value,
    _context: &CampaignContext<'_>,
) -> Result<CampaignDocument, Vec<DefinitionProblem>> {
    serde_json::from_value(document.clone()).map_err(|error| {
        vec![DefinitionProblem { pointer: String::new(), code: "bad_document", detail: error.to_string() }]
    })
}

/// The largest document, in bytes of JSON.
pub const MAX_CAMPAIGN_BYTES: usize = 64 * 1024;

/// Checks the bytes of a PUT.
pub fn check_campaign(
    bytes: &[u8],
    context: &CampaignContext<'_>,
) -> Result<CampaignDocument, Vec<DefinitionProblem>> {
    match crate::json::parse_strict(bytes) {
        Ok(document) => check_campaign_value(&document, context),
        Err(problem) => {
            let (pointer, code, detail) = (problem.pointer, problem.code, problem.detail);
            Err(vec![DefinitionProblem { pointer, code, detail }])
        }
    }
}
