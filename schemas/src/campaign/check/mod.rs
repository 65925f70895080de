//! The whole check of a campaign on writing: every problem at once, each with its pointer.

mod condition;
mod document;
mod former;
mod step;
mod texts;

use std::sync::Arc;

use serde_json::Value;

use super::variables::Variables;
use super::{CampaignDocument, Channel};
use crate::checking::Problems;
use crate::definition::{DefinitionProblem, QuizDocument, RetiredElement};
use crate::json::parse_strict;

/// The largest document, in bytes of JSON.
pub const MAX_CAMPAIGN_BYTES: usize = 64 * 1024;
/// The most steps of a campaign.
const MAX_STEPS: usize = 20;

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

/// Checks the bytes of a PUT.
pub fn check_campaign(
    bytes: &[u8],
    context: &CampaignContext<'_>,
) -> Result<CampaignDocument, Vec<DefinitionProblem>> {
    if bytes.len() > MAX_CAMPAIGN_BYTES {
        return Err(vec![too_large()]);
    }
    match parse_strict(bytes) {
        Ok(document) => check_parsed(&document, context),
        Err(problem) => {
            let (pointer, code, detail) = (problem.pointer, problem.code, problem.detail);
            Err(vec![DefinitionProblem { pointer, code, detail }])
        }
    }
}

/// The same for a document that has been parsed, with `json::parse_strict` if it comes from outside.
pub fn check_campaign_value(
    document: &Value,
    context: &CampaignContext<'_>,
) -> Result<CampaignDocument, Vec<DefinitionProblem>> {
    if document.to_string().len() > MAX_CAMPAIGN_BYTES {
        return Err(vec![too_large()]);
    }
    check_parsed(document, context)
}

fn check_parsed(
    value: &Value,
    context: &CampaignContext<'_>,
) -> Result<CampaignDocument, Vec<DefinitionProblem>> {
    let mut problems = Problems::default();
    let document = document::read(value, &mut problems);
    if let Some(document) = &document {
        let variables = Arc::new(Variables::of_quiz(context.quiz_id, context.quiz, context.retired));
        check_owner(document, context, &mut problems);
        former::check(document, context.former, &mut problems);
        check_defaults(document, &variables, &mut problems);
        condition::check(document, &variables, &mut problems);
        if let Some(channel) = Channel::from_wire(&document.channel) {
            texts::check(document, channel, &variables, &mut problems);
        }
    }
    match document {
        Some(document) if problems.is_empty() => Ok(document),
        _ => Err(problems.into_sorted()),
    }
}

fn check_owner(document: &CampaignDocument, context: &CampaignContext<'_>, problems: &mut Problems) {
    if !document.account_id.is_empty() && document.account_id != context.quiz.account_id {
        problems.add("/accountId", "foreign_account", "the quiz is another account's");
    }
    if !document.quiz_id.is_empty() && document.quiz_id != context.quiz_id {
        problems.add("/quizId", "other_quiz", "the campaign was checked against another quiz");
    }
}

fn check_defaults(document: &CampaignDocument, variables: &Variables, problems: &mut Problems) {
    for name in document.defaults.keys() {
        if let Err(error) = variables.find(name) {
            let pointer = format!("/defaults/{}", crate::json::pointer_segment(name));
            problems.add(pointer, error.code(), error.to_string());
        }
    }
}

fn too_large() -> DefinitionProblem {
    let detail = format!("the document is larger than {MAX_CAMPAIGN_BYTES} bytes");
    DefinitionProblem { pointer: String::new(), code: "too_large", detail }
}

#[cfg(test)]
#[path = "../check_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "../check_texts_tests.rs"]
mod texts_tests;
