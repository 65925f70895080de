//! Yes or no, and consent.

use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// True or false; where only true will do (a consent that is required), false fails.
#[derive(Debug)]
pub struct BooleanCheck {
    only_true: bool,
}

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(BooleanCheck { only_true: false })
}

pub fn build_consent(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(BooleanCheck { only_true: settings.required() })
}

impl AnswerCheck for BooleanCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let answer = match form::boolean(value) {
            Ok(answer) => answer,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let withheld = self.only_true && !answer;
        let complaint = withheld.then(|| Refusal::new("consent_needed", "this consent is required"));
        Verdict::unless(complaint, AnswerValue::Bool(answer))
    }
}
