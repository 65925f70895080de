//! Texts as words: accents and case folded, so that `E-MAIL`, `Móvil` and `você` are found in one form.

use std::ops::Range;

/// One word of a text: a run of letters and digits.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Bytes in the text.
    pub start: usize,
    pub end: usize,
    pub folded: String,
    /// Its first letter is a capital.
    pub is_capitalised: bool,
    /// A sentence ends between the word before and this one.
    pub begins_sentence: bool,
}

/// The words of a text in their order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut gap_start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let mut folded = String::new();
        fold_into(&mut folded, first);
        let mut end = start + first.len_utf8();
        while let Some((at, character)) = characters.peek().copied() {
            if !character.is_alphanumeric() && !is_combining(character) {
                break;
            }
            fold_into(&mut folded, character);
            end = at + character.len_utf8();
            characters.next();
        }
        let previous = words.last().map(|word| word.folded.as_str());
        let begins_sentence = previous.is_none_or(|word| ends_sentence(&text[gap_start..start], word));
        words.push(Word { start, end, folded, is_capitalised: first.is_uppercase(), begins_sentence });
        gap_start = end;
    }
    words
}

/// The words that no span touches: an address's own parts say nothing of whose it is.
pub(super) fn words_outside(text: &str, spans: &[Range<usize>]) -> Vec<Word> {
    let mut outside = Vec::new();
    let mut carries_begin = false;
    for mut word in words(text) {
        if spans.iter().any(|span| word.start < span.end && span.start < word.end) {
            carries_begin |= word.begins_sentence;
            continue;
        }
        word.begins_sentence |= std::mem::take(&mut carries_begin);
        outside.push(word);
    }
    outside
}

/// A full stop counts only before a space, and not after what is mostly an abbreviation.
pub(super) fn ends_sentence(gap: &str, word_before: &str) -> bool {
    if gap.contains(['!', '?', ';', '\n', '\r']) {
        return true;
    }
    let has_stop = gap.contains(". ") || gap.contains("… ") || gap.contains(".\u{a0}");
    has_stop && !ABBREVIATIONS.contains(&word_before)
}

#[rustfmt::skip]
const ABBREVIATIONS: &[&str] = &[
    "dr", "dra", "sr", "sra", "srta", "mr", "mrs", "ms", "prof", "profa", "tel", "cel", "n", "no", "num",
    "av", "sto", "sta",
];

/// In small letters and without accents.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars() {
        fold_into(&mut folded, character);
    }
    folded
}

fn fold_into(folded: &mut String, character: char) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
        return;
    }
    if is_combining(character) {
        return;
    }
    for lower in character.to_lowercase() {
        if !is_combining(lower) {
            folded.push(without_accent(lower));
        }
    }
}

fn is_combining(character: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&character)
}

/// The letters of pt, en and es (and their neighbours) without their marks; others as they are.
fn without_accent(lower: char) -> char {
    match lower {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ª' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'º' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn words_are_whole_and_folded() {
        assert_eq!(folded("Qual é o seu E-MAIL?"), ["qual", "e", "o", "seu", "e", "mail"]);
        assert_eq!(folded("¿Móvil o intel?"), ["movil", "o", "intel"]);
        // Composed and decomposed forms are the same word.
        assert_eq!(folded("voce\u{302}"), folded("você"));
    }

    #[test]
    fn sentences_end_at_a_stop_before_a_space() {
        let begins =
            |text: &str| -> Vec<bool> { words(text).into_iter().map(|word| word.begins_sentence).collect() };
        assert_eq!(begins("foi. meu x"), [true, true, false]);
        assert_eq!(begins("Dr. Paulo"), [true, false]);
        assert_eq!(begins("a.b"), [true, false]);
    }
}
