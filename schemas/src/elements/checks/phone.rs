//! Phone numbers, by the numbering plans of libphonenumber; kept in E.164 form.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use serde_json::Value;

use super::form;
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// No written phone number is longer than this, with all its marks.
const MAX_PHONE_CHARS: usize = 40;

/// Whether this is a country (ISO 3166-1 alpha-2, in capitals) with a numbering plan.
pub fn is_known_country(code: &str) -> bool {
    code.bytes().all(|byte| byte.is_ascii_uppercase()) && country(code).is_some()
}

fn country(code: &str) -> Option<Region> {
    let region = Region::from_code(code).ok()?;
    PHONE_NUMBER_UTIL.get_supported_regions().any(|supported| supported == region).then_some(region)
}

/// The E.164 form (`+5511987654321`) of a number in international form or in this country's national
/// forms: with area code, with trunk prefix and with carrier code. None when no such number is given
/// out; Brazilian mobile numbers have had nine digits since 2016.
pub fn parse_phone(text: &str, country: Region) -> Option<String> {
    let text = text.trim();
    // Letters (vanity numbers, extensions, `;phone-context=`) are not accepted from people.
    let allowed = |character: char| character.is_ascii_digit() || "+-.() /\u{a0}".contains(character);
    if text.len() > MAX_PHONE_CHARS || !text.chars().all(allowed) {
        return None;
    }
    let number = PHONE_NUMBER_UTIL.parse(text, Some(country)).ok()?;
    number.is_valid().then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
}

/// A phone number. Without a country code it is read as one of defaultCountry.
#[derive(Debug)]
pub struct PhoneCheck {
    country: Region,
}

pub fn build(settings: &Settings) -> Box<dyn AnswerCheck> {
    let country = settings.text("defaultCountry").and_then(country).unwrap_or(Region::BR);
    // The numbering plans are loaded on first use (milliseconds): now, rather than for a quiz taker.
    let _ = parse_phone("+5511987654321", country);
    Box::new(PhoneCheck { country })
}

impl AnswerCheck for PhoneCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        let text = match form::text(value) {
            Ok(text) => text,
            Err(refusal) => return Verdict::WrongInForm(refusal),
        };
        if form::has_more_chars(text, MAX_PHONE_CHARS) {
            return Verdict::WrongInForm(Refusal::new("too_large", "longer than any phone number"));
        }
        match parse_phone(text, self.country) {
            Some(number) => Verdict::Good(AnswerValue::Text(number)),
            // Another version may have had another country, in which it is a number: kept as typed.
            None => {
                let refusal = Refusal::new("bad_phone", "expected a phone number that can exist");
                Verdict::FailsThisVersion(AnswerValue::Text(text.to_owned()), refusal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brazilian_forms() {
        let mobile = [
            "+5511987654321",
            "+55 11 98765-4321",
            "(11) 98765-4321",
            "11987654321",
            "011 98765-4321",
            "0 15 11 98765-4321",
            "5511987654321",
            "55 (11) 98765 4321",
            " 11.98765.4321 ",
            "+55 (011) 98765-4321",
        ];
        for text in mobile {
            assert_eq!(parse_phone(text, Region::BR).as_deref(), Some("+5511987654321"), "{text}");
        }
        let landline = ["(11) 3123-4567", "+55 11 3123 4567", "01131234567", "551131234567"];
        for text in landline {
            assert_eq!(parse_phone(text, Region::BR).as_deref(), Some("+551131234567"), "{text}");
        }
    }

    #[test]
    fn other_countries() {
        assert_eq!(parse_phone("+351 912 345 678", Region::BR).as_deref(), Some("+351912345678"));
        assert_eq!(parse_phone("912 345 678", Region::PT).as_deref(), Some("+351912345678"));
        assert_eq!(parse_phone("+1 (650) 253-0000", Region::BR).as_deref(), Some("+16502530000"));
    }

    #[test]
    fn what_nobody_can_call() {
        let bad = [
            "",
            "+",
            "98765-4321",
            "(11) 8765-432",
            "(20) 98765-4321",
            "00000000000",
            "11 98765 43210",
            "1",
            "+55",
            "+999 11 98765 4321",
            "1-800-FLOWERS",
            "11987654321 ramal 5",
            ".;phone-context=",
            "+;phone-context=é",
            "١١٩٨٧٦٥٤٣٢١",
            "(11) 98765-4321 / 98765-4322",
        ];
        for text in bad {
            assert_eq!(parse_phone(text, Region::BR), None, "{text}");
        }
    }

    #[test]
    fn countries_are_known_in_capitals() {
        assert!(is_known_country("BR") && is_known_country("PT"));
        assert!(
            !is_known_country("br")
                && !is_known_country("ZZ")
                && !is_known_country("")
                && !is_known_country("BRA")
        );
    }

    proptest! {
        #[test]
        fn every_sao_paulo_mobile_reads_the_same_in_all_forms(number in 970_000_000u32..=999_999_999) {
            let digits = number.to_string();
            let (head, tail) = digits.split_at(5);
            let expected = format!("+5511{digits}");
            for text in [format!("({}) {head}-{tail}", 11), format!("011{digits}"), format!("+55 11 {head} {tail}")] {
                prop_assert_eq!(parse_phone(&text, Region::BR), Some(expected.clone()), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9().;a-z=\u{a0}é ]{0,40}") {
            let _ = parse_phone(&text, Region::BR);
        }

        #[test]
        fn what_is_kept_is_read_again_unchanged(text in "[+]?[0-9 -]{6,16}") {
            if let Some(kept) = parse_phone(&text, Region::BR) {
                prop_assert_eq!(parse_phone(&kept, Region::BR), Some(kept));
            }
        }
    }
}
