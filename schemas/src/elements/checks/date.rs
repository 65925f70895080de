//! Dates that exist, and birth dates. No clock: "today" is the day on which the edge received the answer.

use chrono::{DateTime, Datelike, NaiveDate};
use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// Nobody answers a quiz who was born longer ago than this.
const MAX_AGE_YEARS: i64 = 130;

/// A date of the Gregorian calendar as exactly YYYY-MM-DD, years 1900 to 2199.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i32::try_from(digits(&bytes[0..4])?).ok()?;
    let (month, day) = (digits(&bytes[5..7])?, digits(&bytes[8..10])?);
    if !(1900..2200).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The number that these bytes write, when all of them are ASCII digits.
pub fn digits(bytes: &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for byte in bytes {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
    }
    Some(number)
}

/// Full years between two dates; one born on 29 February grows older on 1 March.
pub fn age_in_years(born: NaiveDate, today: NaiveDate) -> i64 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    i64::from(today.year() - born.year()) - i64::from(!had_birthday)
}

/// A date from minDate to maxDate.
#[derive(Debug)]
pub struct DateCheck {
    min: Option<NaiveDate>,
    max: Option<NaiveDate>,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    let date = |name| settings.text(name).and_then(parse_date);
    Box::new(DateCheck { min: date("minDate"), max: date("maxDate") })
}

impl AnswerCheck for DateCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let date = match date(value) {
            Ok(date) => date,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let complaint = if self.min.is_some_and(|min| date < min) {
            Some(Refusal::new("too_early", "before the earliest date allowed"))
        } else if self.max.is_some_and(|max| date > max) {
            Some(Refusal::new("too_late", "after the latest date allowed"))
        } else {
            None
        };
        Verdict::unless(complaint, AnswerValue::Text(date.to_string()))
    }
}

/// A date in the past whose age in full years is from minAge to maxAge.
#[derive(Debug)]
pub struct BirthDateCheck {
    min_age: i64,
    max_age: i64,
}

pub fn build_birth_date(settings: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(BirthDateCheck {
        min_age: settings.whole("minAge").unwrap_or(0),
        max_age: settings.whole("maxAge").unwrap_or(MAX_AGE_YEARS),
    })
}

impl AnswerCheck for BirthDateCheck {
    fn check(&self, value: &Value, context: &CheckContext) -> Verdict {
        let born = match date(value) {
            Ok(date) => date,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        let Some(today) = today(context) else {
            return Verdict::WrongInForm(Refusal::new("bad_time", "received at a time beyond the calendar"));
        };
        let age = age_in_years(born, today);
        if born > today || age > MAX_AGE_YEARS {
            return Verdict::WrongInForm(Refusal::new(
                "bad_birth_date",
                "expected the birth date of a living person",
            ));
        }
        let complaint = if age < self.min_age {
            Some(Refusal::new("too_young", format!("younger than {} years", self.min_age)))
        } else if age > self.max_age {
            Some(Refusal::new("too_old", format!("older than {} years", self.max_age)))
        } else {
            None
        };
        Verdict::unless(complaint, AnswerValue::Text(born.to_string()))
    }
}

fn date(value: &Value) -> Result<NaiveDate, Refusal> {
    let text = form::text(value)?;
    parse_date(text).ok_or_else(|| Refusal::new("bad_date", "expected a date that exists, YYYY-MM-DD"))
}

fn today(context: &CheckContext) -> Option<NaiveDate> {
    let received_at = DateTime::from_timestamp_millis(context.received_at_ms)?;
    Some(received_at.with_timezone(&context.time_zone).date_naive())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).expect(text)
    }

    #[test]
    fn only_dates_that_exist() {
        for text in ["2024-02-29", "1900-01-01", "2199-12-31", "2000-02-29"] {
            assert_eq!(parse_date(text).map(|date| date.to_string()).as_deref(), Some(text));
        }
        let bad = [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2024-4-01",
            "24-04-01",
            "01/04/2024",
            "2024-04-01T00:00",
            " 2024-04-01",
            "+024-04-01",
            "1899-12-31",
            "2200-01-01",
            "",
        ];
        for text in bad {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn age_changes_on_the_birthday() {
        assert_eq!(age_in_years(day("2000-06-15"), day("2018-06-14")), 17);
        assert_eq!(age_in_years(day("2000-06-15"), day("2018-06-15")), 18);
        assert_eq!(age_in_years(day("2004-02-29"), day("2022-02-28")), 17);
        assert_eq!(age_in_years(day("2004-02-29"), day("2022-03-01")), 18);
    }

    #[test]
    fn today_is_the_day_in_the_quizs_time_zone() {
        // 2026-03-01 01:30 UTC is still 28 February in São Paulo.
        let received_at_ms = 1_772_328_600_000;
        let check = BirthDateCheck { min_age: 18, max_age: 130 };
        let born = json!("2008-03-01");
        let in_zone = |time_zone| check.check(&born, &CheckContext { received_at_ms, time_zone });
        assert!(matches!(in_zone(Tz::UTC), Verdict::Good(_)));
        let verdict = in_zone(Tz::America__Sao_Paulo);
        assert!(matches!(verdict, Verdict::FailsThisVersion(_, Refusal { code: "too_young", .. })));
    }

    #[test]
    fn the_unborn_and_the_long_dead_are_wrong_in_form() {
        let check = BirthDateCheck { min_age: 0, max_age: 130 };
        let context = CheckContext { received_at_ms: 1_772_328_600_000, time_zone: Tz::UTC };
        for text in ["2026-03-02", "1900-01-01", "2030-01-01"] {
            let expected_code = if text == "1900-01-01" { None } else { Some("bad_birth_date") };
            let code = match check.check(&json!(text), &context) {
                Verdict::WrongInForm(refusal) => Some(refusal.code),
                _ => None,
            };
            assert_eq!(code, expected_code, "{text}");
        }
        let later = CheckContext { received_at_ms: 1_772_328_600_000 + 10 * 366 * 86_400_000, ..context };
        assert!(matches!(check.check(&json!("1900-01-01"), &later), Verdict::WrongInForm(_)));
    }

    proptest! {
        #[test]
        fn what_chrono_writes_is_read_back(days in 0i32..109_000) {
            let date = NaiveDate::from_ymd_opt(1900, 1, 1).expect("exists") + chrono::Days::new(days as u64);
            prop_assert_eq!(parse_date(&date.to_string()), Some(date));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,14}") {
            let _ = parse_date(&text);
        }
    }
}
