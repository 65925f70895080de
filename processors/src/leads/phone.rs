//! Phone numbers inside a text, and what only looks like one.

use std::ops::Range;

use vendzz_schemas::elements::checks::cpf::parse_cpf;

use super::phone_shapes::{GROUPINGS, Number, brazilian, dialled, international};

/// A number and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PhoneCandidate {
    pub span: Range<usize>,
    pub number: Number,
    pub form: Form,
}

/// How much the way in which it is written says, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// With `+`, or grouped as only phones are: `(11) 98765-4321`.
    Written,
    /// Digits alone that fit a mobile number: `11987654321`.
    Bare,
    /// Digits that may as well be something else: an old or landline number in one piece, or a CPF.
    Ambiguous,
}

/// No number has fewer digits, so most texts are done with after one pass.
const FEWEST_DIGITS: usize = 10;

/// Digits without a break, and where they stand.
#[derive(Debug, Clone)]
struct Group {
    span: Range<usize>,
}

/// Every number with an area code that the text holds, outside `taken` (addresses).
pub(super) fn numbers(text: &str, taken: &[Range<usize>]) -> Vec<PhoneCandidate> {
    if text.bytes().filter(u8::is_ascii_digit).count() < FEWEST_DIGITS {
        return Vec::new();
    }
    let groups = groups(text);
    let mut found = Vec::new();
    let mut first = 0;
    while first < groups.len() {
        match longest_from(text, &groups, first) {
            Some((last, candidate)) => {
                let is_taken = taken.iter().any(|span| overlap(span, &candidate.span));
                if !is_taken {
                    found.push(candidate);
                }
                first = last + 1;
            }
            None => first += 1,
        }
    }
    found
}

/// The only number that a whole answer is, when a question asks for one or the answer is a number's digits.
pub(super) fn from_digits(digits: &str) -> Option<Number> {
    dialled(digits)
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        if !byte.is_ascii_digit() {
            continue;
        }
        match groups.last_mut() {
            Some(group) if group.span.end == at => group.span.end = at + 1,
            _ => groups.push(Group { span: at..at + 1 }),
        }
    }
    groups
}

/// The most groups that a number takes: `+55 0 15 11 9 8765 4321`, pairs of digits and one to spare.
const MOST_GROUPS: usize = 9;

fn longest_from(text: &str, groups: &[Group], first: usize) -> Option<(usize, PhoneCandidate)> {
    let start = start_of_number(text, groups, first)?;
    let mut last = first;
    while last + 1 < groups.len()
        && last + 1 - first < MOST_GROUPS
        && joins(&text[groups[last].span.end..groups[last + 1].span.start])
    {
        last += 1;
    }
    for last in (first..=last).rev() {
        if !ends_number(text, groups, last) {
            continue;
        }
        if let Some((number, form)) = read(text, &groups[first..=last], start.is_international) {
            let stands_alone = !has_neighbours(text, groups, first, last);
            if form != Form::Written && !stands_alone {
                continue;
            }
            let span = groups[first].span.start..groups[last].span.end;
            return Some((last, PhoneCandidate { span, number, form }));
        }
    }
    None
}

/// Marks that people put inside a number; `/` and `,` stand between two.
fn joins(separator: &str) -> bool {
    if matches!(separator, "xx" | "XX" | "**" | " xx " | " xx" | "xx ") {
        return true;
    }
    let is_mark = |character: char| " \u{a0}().-–".contains(character);
    separator.chars().count() <= 3 && separator.chars().all(is_mark)
}

struct Start {
    is_international: bool,
}

/// Whether a number may begin at this group: not inside a word, a code, a link, a price or a longer number.
fn start_of_number(text: &str, groups: &[Group], first: usize) -> Option<Start> {
    let before = &text[..groups[first].span.start];
    let token = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    if token.ends_with("wa.me/") || token.ends_with("phone=") || token.ends_with("wa.me/+") {
        return Some(Start { is_international: true });
    }
    if token.contains('/') && token != "/" || token.contains("www.") {
        return None;
    }
    let outside = before.trim_end_matches(['(', '+']);
    let is_international = before[outside.len()..].contains('+');
    let mut reversed = outside.chars().rev();
    let neighbour = reversed.next();
    let beyond = reversed.next();
    let is_joined = match neighbour {
        None => false,
        Some(mark) if mark.is_alphanumeric() => true,
        Some('_' | '#' | '@' | '=' | '&' | '%' | '$' | '€' | '£' | '*' | '<') => true,
        Some('-' | '.' | '–') => beyond.is_some_and(char::is_alphanumeric),
        Some(',' | ':') => beyond.is_some_and(|character| character.is_ascii_digit()),
        Some(_) => false,
    };
    let is_price = outside.trim_end().ends_with(['$', '€', '£', '#']);
    // `0xx11`: the group after the marks belongs to the one before.
    if is_joined || is_price {
        return None;
    }
    Some(Start { is_international })
}

fn ends_number(text: &str, groups: &[Group], last: usize) -> bool {
    let mut after = text[groups[last].span.end..].chars();
    let neighbour = after.next();
    let beyond = after.next();
    match neighbour {
        None => true,
        Some(mark) if mark.is_alphanumeric() => false,
        Some('_' | '@' | '%' | '=' | '€') => false,
        Some('-' | '.' | '–' | ',' | ':') => !beyond.is_some_and(char::is_alphanumeric),
        Some(_) => true,
    }
}

/// Whether more digits stand right beside it, as in the groups of a card or a bill.
fn has_neighbours(text: &str, groups: &[Group], first: usize, last: usize) -> bool {
    let before = first > 0 && joins(&text[groups[first - 1].span.end..groups[first].span.start]);
    let after = last + 1 < groups.len() && joins(&text[groups[last].span.end..groups[last + 1].span.start]);
    before || after
}

fn read(text: &str, groups: &[Group], is_international: bool) -> Option<(Number, Form)> {
    let mut digits = String::with_capacity(16);
    for group in groups {
        digits.push_str(&text[group.span.clone()]);
        if digits.len() > 18 {
            return None;
        }
    }
    if digits.len() < 8 {
        return None;
    }
    if is_international {
        return international(&digits).map(|number| (number, Form::Written));
    }
    if groups.len() == 1 {
        let number = dialled(&digits)?;
        return Some((number.clone(), form_of_bare(&digits, &number)));
    }
    let (skipped, is_prefixed) = prefix_groups(text, groups)?;
    let core = &groups[skipped..];
    let lengths: Vec<usize> = core.iter().map(|group| group.span.len()).collect();
    let core_start: usize = groups[..skipped].iter().map(|group| group.span.len()).sum();
    let mut core_digits = &digits[core_start..];
    let mut core_lengths = lengths.clone();
    // `(011) 98765-4321`, `+55 011 …`: the trunk 0 stands with the area code.
    if core_digits.starts_with('0') && core_lengths[0] == 3 {
        core_digits = &core_digits[1..];
        core_lengths[0] = 2;
    }
    if !GROUPINGS.contains(&core_lengths.as_slice()) {
        return None;
    }
    let number = brazilian(core_digits)?;
    let core_text = &text[core[0].span.start..core[core.len() - 1].span.end];
    let has_parentheses = text[..core[0].span.start].ends_with('(') || core_text.contains(')');
    let is_written = is_prefixed || has_parentheses || core_text.contains('-') || number.has_ninth_digit;
    let form = if is_written && core.len() > 1 { Form::Written } else { form_of_bare(core_digits, &number) };
    Some((number, form))
}

/// How many groups stand before the area code: a country code, `0`, `0` and a carrier, `0xx`. The flag says
/// that there were some which only phones have.
fn prefix_groups(text: &str, groups: &[Group]) -> Option<(usize, bool)> {
    let part = |index: usize| groups.get(index).map_or("", |group| &text[group.span.clone()]);
    let total: usize = groups.iter().map(|group| group.span.len()).sum();
    let mut skipped = 0;
    if part(0) == "55" && total >= 12 {
        skipped = 1;
    }
    let zero = part(skipped);
    if zero == "0" {
        let gap = &text[groups[skipped].span.end..groups.get(skipped + 1)?.span.start];
        let has_carrier = !gap.contains(['x', 'X', '*']) && groups.get(skipped + 2)?.span.len() == 2;
        return Some((skipped + if has_carrier { 2 } else { 1 }, true));
    }
    // `015 11 98765-4321`: 0 and the carrier in one group, an area code after it.
    if zero.len() == 3 && zero.starts_with('0') && part(skipped + 1).len() == 2 {
        return Some((skipped + 1, true));
    }
    Some((skipped, skipped > 0))
}

fn form_of_bare(digits: &str, number: &Number) -> Form {
    if !number.has_ninth_digit || parse_cpf(digits).is_some() { Form::Ambiguous } else { Form::Bare }
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
