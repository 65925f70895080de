//! CNPJ, the Brazilian taxpayer number of a company: twelve characters and two check digits. From July
//! 2026 the twelve may be letters too (Receita Federal, Instrução Normativa 2.229 of 2024).

use super::{form, text::FormCheck};
use crate::elements::{AnswerCheck, Refusal, Settings};

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise(form::text(value)?) })
}

fn normalise(text: &str) -> Result<String, Refusal> {
    parse_cnpj(text).ok_or_else(|| Refusal::new("bad_cnpj", "expected a CNPJ whose check digits are right"))
}

/// The fourteen characters, in capitals, of a CNPJ written as `12.ABC.345/01DE-35` or without the
/// marks. None when the check digits are wrong or all characters are equal.
pub fn parse_cnpj(text: &str) -> Option<String> {
    let characters = characters_without_marks(text.trim())?;
    if characters.iter().all(|character| *character == characters[0]) {
        return None;
    }
    let first = check_digit(&characters[..12]);
    let second = check_digit(&characters[..13]);
    if characters[12] != first || characters[13] != second {
        return None;
    }
    Some(characters.iter().copied().map(char::from).collect())
}

/// Modulo 11 with weights 2 to 9 and again from the right, over each character's ASCII code less 48
/// (so 0 to 9 count as themselves and A as 17), as an ASCII digit.
pub fn check_digit(characters: &[u8]) -> u8 {
    let weights = (2u32..=9).cycle();
    let weighted = characters.iter().rev().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight);
    match weighted.sum::<u32>() % 11 {
        0 | 1 => b'0',
        remainder => b'0' + (11 - remainder as u8),
    }
}

/// ASCII digits and capitals in the first twelve places, digits in the last two.
fn characters_without_marks(text: &str) -> Option<[u8; 14]> {
    let bytes = text.as_bytes();
    let has_marks =
        bytes.len() == 18 && bytes[2] == b'.' && bytes[6] == b'.' && bytes[10] == b'/' && bytes[15] == b'-';
    let positions: [usize; 14] = match bytes.len() {
        14 => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
        18 if has_marks => [0, 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 16, 17],
        _ => return None,
    };
    let mut characters = [0; 14];
    for (index, position) in positions.into_iter().enumerate() {
        let byte = bytes[position].to_ascii_uppercase();
        let allowed = byte.is_ascii_digit() || (index < 12 && byte.is_ascii_uppercase());
        if !allowed {
            return None;
        }
        characters[index] = byte;
    }
    Some(characters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers() {
        // The second is the example of the Receita Federal's own manual for the new form.
        let good = [
            "11.222.333/0001-81",
            "12.ABC.345/01DE-35",
            "12abc34501de35",
            "00000000000191",
            "11444777000161",
        ];
        for text in good {
            assert!(parse_cnpj(text).is_some(), "{text}");
        }
        assert_eq!(parse_cnpj("12.abc.345/01de-35").as_deref(), Some("12ABC34501DE35"));
        let bad = [
            "11.222.333/0001-80",
            "12.ABC.345/01DE-36",
            "00000000000000",
            "1122233300018",
            "11.222.333-0001/81",
            "12ABC34501DEA5",
            "12ÁBC34501DE3",
            "",
            "１1222333000181",
        ];
        for text in bad {
            assert_eq!(parse_cnpj(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_right_check_digits_and_only_they_are_accepted(body in "[0-9A-Z]{12}", wrong in 1u8..100) {
            let mut characters = body.into_bytes();
            characters.push(check_digit(&characters));
            characters.push(check_digit(&characters));
            let all_equal = characters.iter().all(|byte| *byte == characters[0]);
            let text = String::from_utf8(characters.clone()).expect("ASCII");
            prop_assert_eq!(parse_cnpj(&text).is_some(), !all_equal);

            let right = (characters[12] - b'0') * 10 + (characters[13] - b'0');
            let other = (right + wrong) % 100;
            prop_assert_eq!(parse_cnpj(&format!("{}{other:02}", &text[..12])), None);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = parse_cnpj(&text);
        }
    }
}
