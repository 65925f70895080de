use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::compiled::{CompiledElement, Known};
use super::{CompiledQuiz, FieldProblem};
use crate::elements::{CheckContext, Refusal, Verdict};
use crate::events::AnswerValue;
use crate::json::pointer_segment;

/// More problems than this are not listed: the list answers a person who mends a page.
const MAX_PROBLEMS: usize = 50;

/// What is known of a submission besides its answers.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionContext {
    /// Whether it answered the version that it is checked against. If not, only what is wrong in form is
    /// refused.
    pub answered_version_is_current: bool,
    /// When the edge received it, milliseconds since 1970 (UTC).
    pub received_at_ms: i64,
}

/// Answers that may go into the log.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedAnswers {
    /// By element id, in the form in which they are kept. What was not answered is not there.
    pub answers: BTreeMap<String, AnswerValue>,
    /// Another version was answered, and the answers fail this one (removed element or choice, range,
    /// required): to be tagged `stale_definition`.
    pub stale: bool,
    /// An element of a contact's type (e-mail, phone) has an answer that passes its check.
    pub contact_given: bool,
}

/// Checks the `answers` object of a submission.
///
/// `null`, a text without a visible character, an empty list and an empty object mean that there is no answer. An answer to an element that
/// the answers do not lead to is kept: people go back and choose another way. Required is asked only of
/// elements that are shown.
pub fn check_submission(
    quiz: &CompiledQuiz,
    answers: &Map<String, Value>,
    context: &SubmissionContext,
) -> Result<CheckedAnswers, Vec<FieldProblem>> {
    let mut check = SubmissionCheck::new(quiz, context);
    check.answers(answers);
    check.required();
    check.finish()
}

/// Checks the answers so far of somebody who has not finished, whatever version he answers: only what is
/// wrong in form is refused. Nothing is asked for that is missing, so that is never `stale`.
pub fn check_partial(
    quiz: &CompiledQuiz,
    answers: &Map<String, Value>,
    received_at_ms: i64,
) -> Result<CheckedAnswers, Vec<FieldProblem>> {
    let context = SubmissionContext { answered_version_is_current: false, received_at_ms };
    let mut check = SubmissionCheck::new(quiz, &context);
    check.answers(answers);
    check.finish()
}

struct SubmissionCheck<'q> {
    quiz: &'q CompiledQuiz,
    context: CheckContext,
    is_current: bool,
    /// Answers to the elements of this version, by place.
    by_place: Vec<Option<AnswerValue>>,
    to_retired: Vec<(String, AnswerValue)>,
    /// Places whose answer is already named as wrong.
    has_problem_at: Vec<usize>,
    problems: Vec<FieldProblem>,
    stale: bool,
    contact_given: bool,
}

impl<'q> SubmissionCheck<'q> {
    fn new(quiz: &'q CompiledQuiz, context: &SubmissionContext) -> Self {
        Self {
            quiz,
            context: CheckContext { received_at_ms: context.received_at_ms, time_zone: quiz.time_zone() },
            is_current: context.answered_version_is_current,
            by_place: (0..quiz.elements.len()).map(|_| None).collect(),
            to_retired: Vec::new(),
            has_problem_at: Vec::new(),
            problems: Vec::new(),
            stale: false,
            contact_given: false,
        }
    }

    fn answers(&mut self, answers: &Map<String, Value>) {
        for (element_id, value) in answers {
            self.answer(element_id, value);
        }
    }

    fn answer(&mut self, element_id: &str, value: &Value) {
        let quiz: &'q CompiledQuiz = self.quiz;
        match quiz.known(element_id) {
            None => self.refuse(
                element_id,
                Refusal::new("unknown_element", "no version of this quiz has such an element"),
            ),
            Some(Known::Current(place)) => {
                let element = &quiz.elements[*place];
                match self.keep(element, value) {
                    Kept::Answer(answer) => self.by_place[*place] = Some(answer),
                    Kept::Nothing => {}
                    Kept::Refused => self.has_problem_at.push(*place),
                }
            }
            Some(Known::Retired(_)) if self.is_current => {
                self.refuse(
                    element_id,
                    Refusal::new("removed_element", "this version no longer has this element"),
                );
            }
            Some(Known::Retired(element)) => {
                if let Kept::Answer(answer) = self.keep(element, value) {
                    self.stale = true;
                    self.to_retired.push((element_id.to_owned(), answer));
                }
            }
        }
    }

    /// Whether this answer may be kept. Notes the problem if not.
    fn keep(&mut self, element: &CompiledElement, value: &Value) -> Kept {
        if is_no_answer(value) {
            return Kept::Nothing;
        }
        let Some(check) = &element.check else {
            self.refuse(&element.id, Refusal::new("not_a_question", "this element takes no answer"));
            return Kept::Refused;
        };
        match check.check(value, &self.context) {
            Verdict::Good(answer) => {
                self.contact_given |= element.is_contact;
                Kept::Answer(answer)
            }
            Verdict::FailsThisVersion(answer, _) if !self.is_current => {
                self.stale = true;
                Kept::Answer(answer)
            }
            Verdict::FailsThisVersion(_, refusal) | Verdict::WrongInForm(refusal) => {
                self.refuse(&element.id, refusal);
                Kept::Refused
            }
        }
    }

    fn required(&mut self) {
        let quiz = self.quiz;
        let answer_of = |place: usize| self.by_place[place].as_ref();
        let shown = quiz.flow().shown(&answer_of);
        for place in shown {
            let element = &quiz.elements[place];
            let is_missing = element.required && element.check.is_some() && self.by_place[place].is_none();
            if !is_missing || self.has_problem_at.contains(&place) {
                continue;
            }
            if self.is_current {
                self.refuse(&element.id, Refusal::new("required", "this element needs an answer"));
            } else {
                self.stale = true;
            }
        }
    }

    fn refuse(&mut self, element_id: &str, refusal: Refusal) {
        if self.problems.len() < MAX_PROBLEMS {
            let pointer = format!("/answers/{}", pointer_segment(element_id));
            self.problems.push(FieldProblem { pointer, code: refusal.code, detail: refusal.detail });
        }
    }

    fn finish(self) -> Result<CheckedAnswers, Vec<FieldProblem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let given = self.quiz.elements.iter().zip(self.by_place);
        let current = given.filter_map(|(element, answer)| answer.map(|answer| (element.id.clone(), answer)));
        Ok(CheckedAnswers {
            answers: current.chain(self.to_retired).collect(),
            stale: self.stale,
            contact_given: self.contact_given,
        })
    }
}

enum Kept {
    Answer(AnswerValue),
    Nothing,
    Refused,
}

fn is_no_answer(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
