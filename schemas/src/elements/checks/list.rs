//! Several of the choices that are offered, and all of them in an order.

use std::collections::HashSet;

use serde_json::Value;

use super::choice::{MAX_OTHER_CHARS, OfferedIds, not_offered};
use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// minChoices to maxChoices distinct ids of choices; where allowOther is set, one entry may be a short
/// text of one's own.
#[derive(Debug)]
pub struct MultipleChoiceCheck {
    offered: OfferedIds,
    min: usize,
    max: usize,
    allow_other: bool,
}

pub fn build_multiple(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(MultipleChoiceCheck {
        offered: OfferedIds::new(settings.choice_ids()),
        min: settings.count("minChoices").unwrap_or(0),
        max: settings.count("maxChoices").unwrap_or(form::MAX_ENTRIES),
        allow_other: settings.flag("allowOther"),
    })
}

impl AnswerCheck for MultipleChoiceCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        match distinct_entries(value) {
            Err(refusal) => Verdict::WrongInForm(refusal),
            Ok(entries) => Verdict::unless(self.complaint(&entries), AnswerValue::List(entries)),
        }
    }
}

impl MultipleChoiceCheck {
    fn complaint(&self, entries: &[String]) -> Option<Refusal> {
        let own_texts = entries.iter().filter(|entry| !self.offered.contains(entry)).count();
        if own_texts > usize::from(self.allow_other) {
            return Some(not_offered());
        }
        if entries.len() < self.min {
            return Some(Refusal::new("too_few", format!("fewer than {} choices", self.min)));
        }
        if entries.len() > self.max {
            return Some(Refusal::new("too_many", format!("more than {} choices", self.max)));
        }
        None
    }
}

/// Every choice exactly once.
#[derive(Debug)]
pub struct RankingCheck {
    offered: OfferedIds,
}

pub fn build_ranking(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(RankingCheck { offered: OfferedIds::new(settings.choice_ids()) })
}

impl AnswerCheck for RankingCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let entries = match distinct_entries(value) {
            Ok(entries) => entries,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let all_offered = entries.iter().all(|entry| self.offered.contains(entry));
        let complaint = if !all_offered {
            Some(not_offered())
        } else if entries.len() != self.offered.len() {
            Some(Refusal::new("not_a_ranking", "expected every choice exactly once"))
        } else {
            None
        };
        Verdict::unless(complaint, AnswerValue::List(entries))
    }
}

fn distinct_entries(value: &Value) -> Result<Vec<String>, Refusal> {
    let entries = form::list_of_text(value)?;
    if entries.iter().any(|entry| form::has_more_chars(entry, MAX_OTHER_CHARS)) {
        return Err(Refusal::new("too_large", format!("an entry longer than {MAX_OTHER_CHARS} characters")));
    }
    if has_duplicates(&entries) {
        return Err(Refusal::new("repeated", "an entry stands twice"));
    }
    Ok(entries)
}

/// Short lists, the usual ones, are compared pair by pair, without an allocation.
fn has_duplicates(entries: &[String]) -> bool {
    if entries.len() <= 16 {
        return (1..entries.len()).any(|index| entries[..index].contains(&entries[index]));
    }
    let distinct: HashSet<&String> = entries.iter().collect();
    distinct.len() < entries.len()
}
