//! What a row of digits can be by Brazil's plan: area code, ninth digit, trunk prefix, carrier code, country code.

use rlibphonenumber::Region;
use vendzz_schemas::elements::checks::phone::parse_phone;

/// Area codes in use (Anatel, Plano Geral de Códigos Nacionais).
#[rustfmt::skip]
const AREA_CODES: &[&str] = &[
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "24", "27", "28", "31", "32", "33",
    "34", "35", "37", "38", "41", "42", "43", "44", "45", "46", "47", "48", "49", "51", "53", "54", "55",
    "61", "62", "63", "64", "65", "66", "67", "68", "69", "71", "73", "74", "75", "77", "79", "81", "82",
    "83", "84", "85", "86", "87", "88", "89", "91", "92", "93", "94", "95", "96", "97", "98", "99",
];

/// A number that can be called, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// E.164.
    pub value: String,
    pub is_mobile: bool,
    /// It had nine digits already: an old form or a landline says less.
    pub has_ninth_digit: bool,
}

/// A number from its area code and its eight or nine digits. An eight-digit number that begins with 6 to 9 is
/// a mobile from before 2012 to 2016 and gets its 9; 2 to 5 is a landline.
pub(super) fn brazilian(national: &str) -> Option<Number> {
    let (area, subscriber) = national.split_at_checked(2)?;
    if !AREA_CODES.contains(&area) {
        return None;
    }
    let first = subscriber.bytes().next()?;
    // Nobody has 99999-9999: it is typed to get on.
    if subscriber.bytes().all(|digit| digit == first) {
        return None;
    }
    let (digits, is_mobile) = match (subscriber.len(), first) {
        (9, b'9') => (subscriber.to_owned(), true),
        (8, b'6'..=b'9') => (format!("9{subscriber}"), true),
        (8, b'2'..=b'5') => (subscriber.to_owned(), false),
        _ => return None,
    };
    let value = parse_phone(&format!("+55{area}{digits}"), Region::BR)?;
    Some(Number { value, is_mobile, has_ninth_digit: subscriber.len() == 9 })
}

/// A number with its country code, without the `+`.
pub(super) fn international(digits: &str) -> Option<Number> {
    if let Some(national) = digits.strip_prefix("55") {
        return brazilian(national).or_else(|| brazilian(without_trunk(national)?));
    }
    let value = parse_phone(&format!("+{digits}"), Region::BR)?;
    Some(Number { value, is_mobile: true, has_ninth_digit: true })
}

/// A number as it is dialled in Brazil, in one piece: with or without 55, with or without 0 and a carrier.
pub(super) fn dialled(digits: &str) -> Option<Number> {
    let plain = match digits.len() {
        10 | 11 if !digits.starts_with('0') => return brazilian(digits),
        12 | 13 if digits.starts_with("55") => &digits[2..],
        11..=14 => without_trunk(digits)?,
        _ => return None,
    };
    brazilian(plain)
}

/// Area code and number of `0` + area code + number, or of `0` + carrier + area code + number.
fn without_trunk(digits: &str) -> Option<&str> {
    let rest = digits.strip_prefix('0')?;
    match rest.len() {
        10 | 11 => Some(rest),
        12 | 13 => Some(&rest[2..]),
        _ => None,
    }
}

/// How the digits of a number are grouped when people write one, from the area code on. Other groupings are
/// those of cards, dates, documents and bills.
pub(super) const GROUPINGS: &[&[usize]] = &[
    &[11],
    &[10],
    &[2, 9],
    &[2, 8],
    &[2, 5, 4],
    &[2, 4, 4],
    &[2, 1, 4, 4],
    &[2, 1, 8],
    &[2, 3, 3, 3],
    &[2, 5, 2, 2],
    &[2, 4, 2, 2],
    &[2, 3, 2, 2, 2],
    &[2, 1, 2, 2, 2, 2],
    &[7, 4],
    &[6, 4],
    &[2, 2, 2, 2, 2],
    &[2, 4, 5],
];
