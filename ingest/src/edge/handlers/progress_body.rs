use std::collections::BTreeMap;

use vendzz_runtime::http::Problem;
use vendzz_schemas::definition::{CheckedAnswers, check_partial};
use vendzz_schemas::events::{AnswerValue, QuizProgressed, Utm};
use vendzz_schemas::ids::TimedId;

use super::Asked;
use super::fields::Fields;
use super::submission::hidden_fields;
use super::way::Way;
use crate::edge::refusals;

/// The body of `POST /api/quiz/{quiz}/progress`, checked.
#[derive(Debug)]
pub(super) struct ProgressBody {
    pub(super) response_id: TimedId,
    pub(super) sequence: i32,
    pub(super) visitor_id: Option<TimedId>,
    pub(super) version: i64,
    pub(super) started_at: Option<i64>,
    pub(super) way: Way,
    pub(super) utm: Utm,
    pub(super) referrer: String,
    pub(super) kept: KeptAnswers,
}

/// What of a beacon's answers goes into the log: nothing, unless the quiz saves partial responses and a
/// contact was given.
#[derive(Debug, Default)]
pub(super) struct KeptAnswers {
    pub(super) answers: BTreeMap<String, AnswerValue>,
    pub(super) hidden: BTreeMap<String, String>,
    /// Another version than the current one was answered, and the answers fail this one.
    pub(super) stale: bool,
}

impl ProgressBody {
    /// Everything that is wrong, answers included, is named in one problem.
    pub(super) fn read(body: &[u8], asked: &Asked<'_>) -> Result<Self, Problem> {
        let quiz = &asked.quiz.compiled;
        let mut fields = Fields::read(body)?;
        let version = asked.answered_version(&mut fields)?;
        let response_id = fields.required_timed_id("responseId");
        let sequence = sequence(&mut fields);
        let visitor_id = fields.timed_id("visitorId");
        let started_at = fields.count("startedAt");
        let way = Way::take(&mut fields, quiz);
        let hidden = hidden_fields(&mut fields, quiz);
        let utm = fields.utm();
        let referrer = fields.referrer();
        let answers = fields.object("answers").unwrap_or_default();
        let checked = match check_partial(quiz, &answers, asked.now_ms) {
            Ok(checked) => Some(checked),
            Err(problems) if fields.are_right() => return Err(refusals::invalid_answers(problems)),
            Err(problems) => {
                fields.wrong_answers(problems);
                None
            }
        };
        fields.finish()?;
        // What could not be read is named by now.
        let (Some(response_id), Some(sequence), Some(checked)) = (response_id, sequence, checked) else {
            return Err(Problem::internal());
        };
        let is_current = version == asked.quiz.version;
        let kept = match quiz.saves_partial_responses() {
            true => KeptAnswers::of(checked, hidden, is_current),
            false => KeptAnswers::default(),
        };
        Ok(Self { response_id, sequence, visitor_id, version, started_at, way, utm, referrer, kept })
    }
}

impl KeptAnswers {
    fn of(checked: CheckedAnswers, hidden: BTreeMap<String, String>, is_current: bool) -> Self {
        if !checked.contact_given {
            return Self::default();
        }
        Self { answers: checked.answers, hidden, stale: checked.stale && !is_current }
    }
}

/// The beacon's number within its response.
fn sequence(fields: &mut Fields) -> Option<i32> {
    let number = fields.required_count("sequence")?;
    let sequence =
        i32::try_from(number).ok().filter(|number| (1..=QuizProgressed::MAX_SEQUENCE).contains(number));
    if sequence.is_none() {
        let detail = format!("must be 1 to {}", QuizProgressed::MAX_SEQUENCE);
        fields.wrong("sequence", "out_of_range", detail);
    }
    sequence
}
