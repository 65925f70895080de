//! Times of day.

use serde_json::Value;

use super::{date::digits, form};
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// Minutes since midnight of a time written as exactly HH:MM, 00:00 to 23:59.
pub fn parse_time(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    if bytes.len() != 5 || bytes[2] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&bytes[0..2])?, digits(&bytes[3..5])?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// A time from minTime to maxTime.
#[derive(Debug)]
pub struct TimeCheck {
    min: Option<u32>,
    max: Option<u32>,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    let time = |name| settings.text(name).and_then(parse_time);
    Box::new(TimeCheck { min: time("minTime"), max: time("maxTime") })
}

impl AnswerCheck for TimeCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let text = match form::text(value) {
            Ok(text) => text,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let Some(minutes) = parse_time(text) else {
            return Verdict::WrongInForm(Refusal::new("bad_time", "expected a time of day, HH:MM"));
        };
        let complaint = if self.min.is_some_and(|min| minutes < min) {
            Some(Refusal::new("too_early", "before the earliest time allowed"))
        } else if self.max.is_some_and(|max| minutes > max) {
            Some(Refusal::new("too_late", "after the latest time allowed"))
        } else {
            None
        };
        Verdict::unless(complaint, AnswerValue::Text(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_times_that_exist() {
        assert_eq!(parse_time("00:00"), Some(0));
        assert_eq!(parse_time("23:59"), Some(1439));
        for text in ["24:00", "12:60", "7:30", "07:3", "07h30", "07:30:00", "", "٠٧:٣٠", "-1:30"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_minute_of_the_day_is_read(minutes in 0u32..1440) {
            let text = format!("{:02}:{:02}", minutes / 60, minutes % 60);
            prop_assert_eq!(parse_time(&text), Some(minutes));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,8}") {
            let _ = parse_time(&text);
        }
    }
}
