//! A Brazilian postal address.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{cep, form};
use crate::elements::{AnswerCheck, CheckContext, Refusal, Settings, Verdict};
use crate::events::AnswerValue;

/// The parts of an address that may be sent, each with whether it must be.
pub const PARTS: [(&str, bool); 7] = [
    ("cep", true),
    ("street", true),
    ("number", true),
    ("complement", false),
    ("district", false),
    ("city", true),
    ("state", true),
];

/// The 26 states and the Federal District.
pub const STATES: [&str; 27] = [
    "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI",
    "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
];

/// The most characters in one part.
pub const MAX_PART_CHARS: usize = 150;

/// Known parts alone, the needed ones not empty, CEP and state right in form. Kept with the CEP as eight
/// digits and the state in capitals.
#[derive(Debug)]
pub struct AddressCheck;

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(AddressCheck)
}

impl AnswerCheck for AddressCheck {
    fn check(&self, value: &Value, _: &CheckContext) -> Verdict {
        form::map_of_text(value).and_then(normalise).map(AnswerValue::Map).into()
    }
}

fn normalise(mut parts: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refusal> {
    for (name, part) in &parts {
        if !PARTS.iter().any(|(known, _)| known == name) {
            return Err(Refusal::new("unknown_part", "an address has no such part"));
        }
        if form::has_more_chars(part, MAX_PART_CHARS) {
            return Err(Refusal::new(
                "too_large",
                format!("{name} is longer than {MAX_PART_CHARS} characters"),
            ));
        }
    }
    for (name, needed) in PARTS {
        let is_blank = parts.get(name).is_none_or(|part| part.trim().is_empty());
        if needed && is_blank {
            return Err(Refusal::new("part_missing", format!("{name} is needed")));
        }
    }
    if let Some(code) = parts.get_mut("cep") {
        *code = cep::normalise(code)?;
    }
    if let Some(state) = parts.get_mut("state") {
        *state = state.trim().to_ascii_uppercase();
        if !STATES.contains(&state.as_str()) {
            return Err(Refusal::new("bad_state", "expected a state of Brazil, two letters"));
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use serde_json::json;

    use super::*;

    fn verdict(value: &Value) -> Verdict {
        AddressCheck.check(value, &CheckContext { received_at_ms: 0, time_zone: Tz::UTC })
    }

    fn full() -> Value {
        json!({"cep": "01310-100", "street": "Avenida Paulista", "number": "1578", "city": "São Paulo", "state": "sp"})
    }

    #[test]
    fn cep_and_state_are_kept_in_one_form() {
        let Verdict::Good(AnswerValue::Map(parts)) = verdict(&full()) else { panic!("good") };
        assert_eq!((parts["cep"].as_str(), parts["state"].as_str()), ("01310100", "SP"));
    }

    #[test]
    fn each_fault_has_its_code() {
        let cases = [
            ("cep", json!("00000-000"), "bad_cep"),
            ("state", json!("XX"), "bad_state"),
            ("street", json!("  "), "part_missing"),
            ("planet", json!("Terra"), "unknown_part"),
            ("complement", json!("x".repeat(151)), "too_large"),
            ("number", json!(1578), "wrong_type"),
        ];
        for (name, value, expected) in cases {
            let mut address = full();
            address[name] = value;
            let Verdict::WrongInForm(refusal) = verdict(&address) else { panic!("{name} is wrong") };
            assert_eq!(refusal.code, expected);
        }
    }
}
