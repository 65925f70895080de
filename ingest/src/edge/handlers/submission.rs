use std::collections::BTreeMap;

use serde_json::{Map, Value};
use vendzz_runtime::http::Problem;
use vendzz_schemas::definition::CompiledQuiz;
use vendzz_schemas::events::Utm;
use vendzz_schemas::ids::TimedId;

use super::Asked;
use super::fields::Fields;
use super::way::Way;

/// A hidden field holds at most so many characters.
const MAX_HIDDEN_CHARACTERS: usize = 1_000;

/// The body of `POST /api/quiz/{quiz}/submit`, checked in all but its answers.
#[derive(Debug)]
pub(super) struct SubmissionBody {
    pub(super) response_id: Option<TimedId>,
    pub(super) visitor_id: Option<TimedId>,
    pub(super) version: i64,
    pub(super) answers: Map<String, Value>,
    pub(super) hidden: BTreeMap<String, String>,
    pub(super) utm: Utm,
    pub(super) referrer: String,
    pub(super) started_at: Option<i64>,
    pub(super) submitted_at: Option<i64>,
    pub(super) honeypot_filled: bool,
    pub(super) way: Way,
}

impl SubmissionBody {
    pub(super) fn read(body: &[u8], asked: &Asked<'_>) -> Result<Self, Problem> {
        let quiz = &asked.quiz.compiled;
        let mut fields = Fields::read(body)?;
        let read = Self {
            response_id: fields.timed_id("responseId"),
            visitor_id: fields.timed_id("visitorId"),
            version: asked.answered_version(&mut fields)?,
            answers: fields.required_object("answers"),
            hidden: hidden_fields(&mut fields, quiz),
            utm: fields.utm(),
            referrer: fields.referrer(),
            started_at: fields.count("startedAt"),
            submitted_at: fields.count("submittedAt"),
            honeypot_filled: fields.text("website").is_some_and(|text| !text.trim().is_empty()),
            way: Way::take(&mut fields, quiz),
        };
        fields.finish().map(|()| read)
    }

    /// From opening to sending by the client's clock, in milliseconds.
    pub(super) fn took_ms(&self) -> Option<i64> {
        self.submitted_at?.checked_sub(self.started_at?)
    }
}

/// Those that the definition names; whatever else a page's address carried is nobody's business.
pub(super) fn hidden_fields(fields: &mut Fields, quiz: &CompiledQuiz) -> BTreeMap<String, String> {
    let mut hidden = BTreeMap::new();
    for (name, value) in fields.object("hidden").unwrap_or_default() {
        if !quiz.hidden_fields().contains(&name) {
            continue;
        }
        match value {
            Value::String(text) if text.chars().count() > MAX_HIDDEN_CHARACTERS => {
                fields.wrong_below(
                    "hidden",
                    &name,
                    "too_long",
                    format!("at most {MAX_HIDDEN_CHARACTERS} characters"),
                );
            }
            Value::String(text) => drop(hidden.insert(name, text)),
            Value::Null => {}
            _ => fields.wrong_below("hidden", &name, "wrong_type", "must be a text"),
        }
    }
    hidden
}
