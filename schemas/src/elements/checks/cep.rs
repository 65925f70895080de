//! CEP, the Brazilian postal code: eight digits.

use super::{form, text::FormCheck};
use crate::elements::{AnswerCheck, Refusal, Settings};

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise(form::text(value)?) })
}

pub fn normalise(text: &str) -> Result<String, Refusal> {
    parse_cep(text).ok_or_else(|| Refusal::new("bad_cep", "expected a CEP of eight digits, 01310-100"))
}

/// The eight digits of a CEP written as `01310-100`, `01.310-100` or without the marks. The lowest range
/// that the Correios give out begins at 01000-000 (the city of São Paulo).
pub fn parse_cep(text: &str) -> Option<String> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digits: String = match bytes.len() {
        8 => text.to_owned(),
        9 if bytes[5] == b'-' => text.replacen('-', "", 1),
        10 if bytes[2] == b'.' && bytes[6] == b'-' => text.replacen(['.', '-'], "", 2),
        _ => return None,
    };
    let is_cep = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.as_str() >= "01000000";
    is_cep.then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_codes() {
        for text in ["01310-100", "01310100", "01.310-100", " 01310-100 "] {
            assert_eq!(parse_cep(text).as_deref(), Some("01310100"), "{text}");
        }
        for text in [
            "00000-000",
            "00999-999",
            "0131-0100",
            "1310100",
            "013101000",
            "01310_100",
            "0131010a",
            "",
            "0１310100",
        ] {
            assert_eq!(parse_cep(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_code_reads_the_same_with_marks_and_without(number in 1_000_000u32..100_000_000) {
            let digits = format!("{number:08}");
            let marked = format!("{}-{}", &digits[..5], &digits[5..]);
            prop_assert_eq!(parse_cep(&digits), Some(digits.clone()));
            prop_assert_eq!(parse_cep(&marked), Some(digits));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,12}") {
            let _ = parse_cep(&text);
        }
    }
}
