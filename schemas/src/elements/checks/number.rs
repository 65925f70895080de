//! Numbers within a range, on a step.

use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// A number from min to max, on a step counted from an origin.
#[derive(Debug)]
pub struct NumberCheck {
    min: Option<f64>,
    max: Option<f64>,
    step: Option<f64>,
    origin: f64,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(NumberCheck {
        min: settings.decimal("min"),
        max: settings.decimal("max"),
        step: settings.decimal("step"),
        origin: settings.decimal("min").unwrap_or(0.0),
    })
}

/// An amount of money in the currency's unit, so on a step of a hundredth.
pub fn build_currency(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(NumberCheck {
        min: settings.decimal("min"),
        max: settings.decimal("max"),
        step: Some(0.01),
        origin: 0.0,
    })
}

impl AnswerCheck for NumberCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let number = match form::number(value) {
            Ok(number) => number,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        Verdict::unless(self.complaint(number), AnswerValue::Double(number))
    }
}

impl NumberCheck {
    fn complaint(&self, number: f64) -> Option<Refusal> {
        if let Some(min) = self.min
            && number < min
        {
            return Some(Refusal::new("too_small", format!("less than {min}")));
        }
        if let Some(max) = self.max
            && number > max
        {
            return Some(Refusal::new("too_big", format!("more than {max}")));
        }
        if let Some(step) = self.step
            && !is_on_step(number - self.origin, step)
        {
            return Some(Refusal::new("off_step", format!("not on a step of {step}")));
        }
        None
    }
}

/// Whether a distance is a whole number of steps, but for the rounding of decimal fractions (0.3 is not
/// exactly three times 0.1).
fn is_on_step(distance: f64, step: f64) -> bool {
    let steps = distance / step;
    let tolerance = 1e-9 * steps.abs().max(1.0);
    (steps - steps.round()).abs() <= tolerance
}

/// A whole number from min to max.
#[derive(Debug)]
pub struct WholeCheck {
    min: i64,
    max: i64,
}

pub fn build_whole(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(WholeCheck {
        min: settings.whole("min").unwrap_or(i64::MIN),
        max: settings.whole("max").unwrap_or(i64::MAX),
    })
}

pub fn build_rating(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(WholeCheck { min: 1, max: settings.whole("max").unwrap_or(i64::MAX) })
}

pub fn build_nps(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(WholeCheck { min: 0, max: 10 })
}

impl AnswerCheck for WholeCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let number = match form::whole(value) {
            Ok(number) => number,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let complaint = if number < self.min {
            Some(Refusal::new("too_small", format!("less than {}", self.min)))
        } else if number > self.max {
            Some(Refusal::new("too_big", format!("more than {}", self.max)))
        } else {
            None
        };
        Verdict::unless(complaint, AnswerValue::Long(number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_forgive_the_rounding_of_decimals_only() {
        let on =
            [(0.3, 0.1), (1_000_000.07, 0.01), (-2.5, 0.5), (0.0, 7.0), (21.0, 7.0), (999_999_999.99, 0.01)];
        for (distance, step) in on {
            assert!(is_on_step(distance, step), "{distance} by {step}");
        }
        for (distance, step) in [(0.35, 0.1), (10.001, 0.01), (1.0, 0.7), (22.0, 7.0)] {
            assert!(!is_on_step(distance, step), "{distance} by {step}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_of_cents_is_on_its_step(cents in 0i64..100_000_000_000) {
            prop_assert!(is_on_step(cents as f64 / 100.0, 0.01));
        }
    }
}
