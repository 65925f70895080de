//! CPF, the Brazilian taxpayer number of a person: nine digits and two check digits.

use super::{form, text::FormCheck};
use crate::elements::{AnswerCheck, Refusal, Settings};

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise(form::text(value)?) })
}

fn normalise(text: &str) -> Result<String, Refusal> {
    parse_cpf(text).ok_or_else(|| Refusal::new("bad_cpf", "expected a CPF whose check digits are right"))
}

/// The eleven digits of a CPF written as `529.982.247-25` or without the marks. None when the check
/// digits are wrong, or when all digits are equal (they fit the formula, and are never given out).
pub fn parse_cpf(text: &str) -> Option<String> {
    let digits = digits_without_marks(text.trim())?;
    if digits.iter().all(|digit| *digit == digits[0]) {
        return None;
    }
    let first = check_digit(&digits[..9]);
    let second = check_digit(&digits[..10]);
    if digits[9] != first || digits[10] != second {
        return None;
    }
    Some(digits.iter().map(|digit| char::from(b'0' + digit)).collect())
}

/// Modulo 11 with weights 2, 3, 4 … from the right (Receita Federal).
pub fn check_digit(digits: &[u8]) -> u8 {
    let weighted = digits.iter().rev().zip(2u32..).map(|(digit, weight)| u32::from(*digit) * weight);
    match weighted.sum::<u32>() % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder as u8,
    }
}

/// Marks are taken only where they belong: a text with other separators is not a CPF.
fn digits_without_marks(text: &str) -> Option<[u8; 11]> {
    let bytes = text.as_bytes();
    let positions: [usize; 11] = match bytes.len() {
        11 => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        14 if bytes[3] == b'.' && bytes[7] == b'.' && bytes[11] == b'-' => {
            [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13]
        }
        _ => return None,
    };
    let mut digits = [0; 11];
    for (digit, position) in digits.iter_mut().zip(positions) {
        if !bytes[position].is_ascii_digit() {
            return None;
        }
        *digit = bytes[position] - b'0';
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers() {
        let good = ["529.982.247-25", "52998224725", "111.444.777-35", " 11144477735 ", "012.345.678-90"];
        for text in good {
            assert!(parse_cpf(text).is_some(), "{text}");
        }
        assert_eq!(parse_cpf("529.982.247-25").as_deref(), Some("52998224725"));
        let bad = [
            "529.982.247-24",
            "11111111111",
            "00000000000",
            "5299822472",
            "529982247250",
            "529-982-247.25",
            "529.982.24725",
            "529.982.247-2x",
            "٥٢٩٩٨٢٢٤٧٢٥",
            "",
            "5299822472５",
        ];
        for text in bad {
            assert_eq!(parse_cpf(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_right_check_digits_and_only_they_are_accepted(body in "[0-9]{9}", wrong in 1u8..100) {
            let mut digits: Vec<u8> = body.bytes().map(|byte| byte - b'0').collect();
            digits.push(check_digit(&digits));
            digits.push(check_digit(&digits));
            let right = digits[9] * 10 + digits[10];
            let all_equal = digits.iter().all(|digit| *digit == digits[0]);
            prop_assert_eq!(parse_cpf(&format!("{body}{right:02}")).is_some(), !all_equal);

            let other = (right + wrong) % 100;
            prop_assert_eq!(parse_cpf(&format!("{body}{other:02}")), None);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = parse_cpf(&text);
        }
    }
}
