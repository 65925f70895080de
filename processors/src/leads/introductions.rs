//! Names that a sentence gives: `me chamo Ana Paula`, `my name is Grace Hopper`, `soy Carmen`.

use super::first_names::is_first_name;
use super::name::person_name;
use super::vocabulary::{OTHER_PEOPLE, THIRD_PERSON, is_in};
use super::words::{Word, words};

/// A name and how sure the words before it are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Introduction {
    pub name: String,
    pub is_sure: bool,
}

/// Folded words that a name follows; the longer ones first where one begins another.
const SURE: &[&[&str]] = &[
    &["meu", "nome", "completo", "e"],
    &["meu", "nome", "e"],
    &["meu", "nome", "eh"],
    &["me", "chamo"],
    &["pode", "me", "chamar", "de"],
    &["podem", "me", "chamar", "de"],
    &["pode", "chamar", "de"],
    &["me", "chame", "de"],
    &["aqui", "e", "a"],
    &["aqui", "e", "o"],
    &["aqui", "quem", "fala", "e", "a"],
    &["aqui", "quem", "fala", "e", "o"],
    &["my", "name", "is"],
    &["my", "name", "s"],
    &["call", "me"],
    &["me", "llamo"],
    &["mi", "nombre", "es"],
    &["mi", "nombre", "completo", "es"],
];

/// These go on in other ways more often than not: `sou enfermeira`, `I'm tired`.
const UNSURE: &[&[&str]] = &[
    &["sou", "a"],
    &["sou", "o"],
    &["eu", "sou"],
    &["sou"],
    &["soy"],
    &["i", "m"],
    &["i", "am"],
    &["this", "is"],
    &["it", "s"],
];

/// Words that make a text worth reading word by word, folded in ASCII; most texts hold none.
#[rustfmt::skip]
const HINTS: &[&str] = &[
    "chamo", "nome", "aqui", "name", "llamo", "nombre", "sou ", "soy ", "i'm", "i’m", "i am", "this is",
    "chamar", "call me", "chame",
];

/// How far back a speaker is looked for.
const MOST_WORDS_BEFORE: usize = 20;

pub(super) fn introduction(text: &str) -> Option<Introduction> {
    if !has_hint(text) {
        return None;
    }
    let words = words(text);
    // A text without small letters says nothing by its capitals.
    let is_shouted = !text.contains(char::is_lowercase);
    for index in 0..words.len() {
        for (patterns, is_sure) in [(SURE, true), (UNSURE, false)] {
            let Some(length) = longest_match(patterns, &words[index..]) else { continue };
            if is_said_by_another(&words, index) {
                continue;
            }
            if let Some(name) = name_after(text, &words, index + length, is_sure, is_shouted) {
                return Some(Introduction { name, is_sure });
            }
        }
    }
    None
}

/// The answer without the words that introduce its name: `sou a Ana` is `Ana`.
pub(super) fn without_introduction(answer: &str) -> &str {
    if !has_hint(answer) {
        return answer;
    }
    let words = words(answer);
    let greeting = words
        .iter()
        .take(3)
        .take_while(|word| is_in(&["oi", "ola", "hola", "hi", "hello", "hey"], &word.folded));
    let start = greeting.count();
    for patterns in [SURE, UNSURE] {
        if let Some(length) = words.get(start..).and_then(|rest| longest_match(patterns, rest))
            && let Some(word) = words.get(start + length)
        {
            return &answer[word.start..];
        }
    }
    answer
}

fn has_hint(text: &str) -> bool {
    let bytes = text.as_bytes();
    HINTS.iter().any(|hint| {
        let hint = hint.as_bytes();
        bytes.windows(hint.len()).any(|window| window.eq_ignore_ascii_case(hint))
    })
}

fn longest_match(patterns: &[&[&str]], words: &[Word]) -> Option<usize> {
    let fits = |pattern: &&&[&str]| {
        let same = pattern.iter().zip(words).take_while(|(wanted, word)| **wanted == word.folded).count();
        let is_one_sentence = words.iter().take(pattern.len()).skip(1).all(|word| !word.begins_sentence);
        same == pattern.len() && is_one_sentence
    };
    patterns.iter().filter(fits).map(|pattern| pattern.len()).max()
}

/// `minha filha diz: me chamo Bia`, `she said my name is …`: in the same sentence, before.
fn is_said_by_another(words: &[Word], index: usize) -> bool {
    for place in (0..index).rev().take(MOST_WORDS_BEFORE) {
        let word = &words[place].folded;
        if is_in(OTHER_PEOPLE, word)
            || is_in(THIRD_PERSON, word)
            || is_in(&["nao", "not", "no", "what", "que"], word)
        {
            return true;
        }
        if words[place].begins_sentence {
            break;
        }
    }
    false
}

const PARTICLES: &[&str] = &["de", "da", "do", "das", "dos", "del", "la", "las", "los", "di", "von", "van"];

fn name_after(text: &str, words: &[Word], first: usize, is_sure: bool, is_shouted: bool) -> Option<String> {
    let counts_as_capitalised =
        |word: &Word| (word.is_capitalised && !is_shouted) || is_first_name(&word.folded);
    let begin = words.get(first)?;
    if begin.begins_sentence || !counts_as_capitalised(begin) {
        return None;
    }
    let mut last = first;
    while let Some(next) = words.get(last + 1) {
        let gap = &text[words[last].end..next.start];
        let is_joined = gap.chars().all(char::is_whitespace) || matches!(gap, "-" | "'" | "’");
        if !is_joined || last - first > 5 {
            break;
        }
        let goes_on = is_in(PARTICLES, &next.folded)
            && goes_on_after_particles(text, words, last + 1, &counts_as_capitalised);
        if !counts_as_capitalised(next) && !goes_on {
            break;
        }
        last += 1;
    }
    let is_known = is_first_name(&begin.folded);
    if !is_known && !is_sure && !ends_there(text, words, last) {
        return None;
    }
    // `Sou Enfermeira e moro só`: unsure words take an unknown name only after an article.
    let has_article = first > 0 && is_in(&["a", "o"], &words[first - 1].folded);
    if !is_known && !is_sure && !has_article {
        return None;
    }
    person_name(&text[begin.start..words[last].end])
}

fn goes_on_after_particles(
    text: &str,
    words: &[Word],
    mut place: usize,
    is_name: &dyn Fn(&Word) -> bool,
) -> bool {
    while let Some(word) = words.get(place) {
        if !is_in(PARTICLES, &word.folded) {
            return is_name(word)
                && words[place - 1].end <= word.start
                && text[words[place - 1].end..word.start].trim().is_empty();
        }
        place += 1;
    }
    false
}

/// A mark or the text's end follows the word.
fn ends_there(text: &str, words: &[Word], last: usize) -> bool {
    let end = words[last].end;
    match words.get(last + 1) {
        None => true,
        Some(next) => text[end..next.start].contains([',', '.', '!', ';', '\n', ')']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<String> {
        introduction(text).map(|introduction| introduction.name)
    }

    #[test]
    fn introductions() {
        let good = [
            ("Me chamo Ana Paula, moro em Recife", "Ana Paula"),
            ("me chamo ana paula e tenho 3 filhos", "Ana Paula"),
            ("ME CHAMO ANA PAULA E TENHO 3 FILHOS", "Ana Paula"),
            ("Olá! Meu nome é Carla Dias e sou nutricionista.", "Carla Dias"),
            ("Sou o João, 42 anos", "João"),
            ("Hello, I'm Jane and I love running", "Jane"),
            ("My name's Robert De Niro.", "Robert De Niro"),
            ("Hola soy Carmen, tengo 50 años", "Carmen"),
            ("Mi nombre es José Luis Pérez, de Bogotá", "José Luis Pérez"),
            ("Me llamo María del Carmen", "María del Carmen"),
        ];
        for (text, expected) in good {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
        let bad = [
            "Sou a mãe do Pedro",
            "Sou Enfermeira e moro só",
            "me chamo de preguiçosa às vezes",
            "meu marido se chama João",
            "meu nome é conhecido na cidade",
            "I'm Brazilian and I am Vegan",
            "i am tired of diets",
            "Minha filha diz: me chamo Bia",
            "Sou o Diretor Comercial da empresa",
            "sou a melhor vendedora",
            "my name is on the list",
        ];
        for text in bad {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
