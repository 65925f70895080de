//! One of the choices that are offered.

use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// The longest text of one's own, in characters.
pub const MAX_OTHER_CHARS: usize = 200;

/// Ids that may be answered, sorted for the search.
#[derive(Debug)]
pub struct OfferedIds {
    sorted: Box<[String]>,
}

impl OfferedIds {
    pub fn new(mut ids: Vec<String>) -> Self {
        ids.sort_unstable();
        Self { sorted: ids.into_boxed_slice() }
    }

    pub fn contains(&self, id: &str) -> bool {
        self.sorted.binary_search_by(|offered| offered.as_str().cmp(id)).is_ok()
    }

    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

/// The id of a choice, or a short text of one's own where allowOther is set.
#[derive(Debug)]
pub struct ChoiceCheck {
    offered: OfferedIds,
    allow_other: bool,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(ChoiceCheck {
        offered: OfferedIds::new(settings.choice_ids()),
        allow_other: settings.flag("allowOther"),
    })
}

impl AnswerCheck for ChoiceCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let text = match form::text(value) {
            Ok(text) => text,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        // In any version a choice's id or a text of one's own is short.
        if form::has_more_chars(text, MAX_OTHER_CHARS) {
            let detail = format!("longer than {MAX_OTHER_CHARS} characters");
            return Verdict::WrongInForm(Refusal::new("too_large", detail));
        }
        let answerable = self.allow_other || self.offered.contains(text);
        let complaint = (!answerable).then(not_offered);
        Verdict::unless(complaint, AnswerValue::Text(text.to_owned()))
    }
}

pub fn not_offered() -> Refusal {
    Refusal::new("not_offered", "this choice is not offered")
}
