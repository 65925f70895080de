//! A person's name told from other text, and written as one.

use super::first_names::is_first_name;
use super::introductions::without_introduction;
use super::vocabulary::{CONTACT_NOUNS, EMAIL_NOUNS, OTHER_PEOPLE, PHONE_NOUNS, is_in};
use super::words::fold;

const MOST_WORDS: usize = 8;
const MOST_CHARS: usize = 80;

/// Between the parts of a name; in small letters unless first.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "de", "da", "do", "das", "dos", "e", "y", "del", "la", "las", "los", "di", "du", "van", "von", "der",
    "den", "bin", "al",
];

#[rustfmt::skip]
const TITLES: &[&str] = &[
    "dr", "dra", "sr", "sra", "srta", "mr", "mrs", "ms", "miss", "prof", "profa", "don", "dona", "doctor",
    "doutor", "doutora",
];

/// Words that no name holds: an answer with one is a sentence, a refusal, a greeting, a company or a joke.
#[rustfmt::skip]
const NOT_NAMES: &[&str] = &[
    // pt
    "nao", "sim", "quero", "prefiro", "gostaria", "dizer", "informar", "falar", "saber", "mais", "sobre",
    "para", "pra", "por", "com", "sem", "que", "quem", "qual", "meu", "minha", "seu", "sua", "eu", "voce",
    "ele", "nos", "um", "uma", "tenho", "sou", "estou", "bom", "boa", "dia", "tarde", "noite", "ola", "oi",
    "obrigado", "obrigada", "anonimo", "anonima", "ninguem", "nenhum", "nenhuma", "nada", "teste", "fulano",
    "nome", "aqui", "isso", "nao_sei", "sei", "depois", "agora", "muito", "tudo", "segredo", "private",
    "privado", "privada", "sigilo", "passo", "paso", "pass", "skip", "nope", "pular", "melhor", "preciso",
    "loja", "empresa", "padaria", "mercado", "clinica", "escola", "igreja", "restaurante", "studio",
    "grupo",
    // companies
    "ltda", "eireli", "mei", "inc", "llc", "ltd", "corp", "gmbh", "cia", "company", "store", "shop", "sl",
    "sas",
    // en
    "no", "yes", "not", "none", "nobody", "rather", "prefer", "say", "want", "your", "my", "you", "the",
    "of", "is", "am", "are", "n/a", "na", "test", "anonymous", "unknown", "business", "hello", "hi", "hey",
    "thanks", "secret", "why", "what", "tell", "name", "null", "undefined", "user", "admin", "happy",
    "tired", "good", "just", "here",
    // es
    "quiero", "prefiero", "decir", "decirlo", "ninguno", "ninguna", "nadie", "anonimato", "hola", "buenos",
    "buenas", "gracias", "mi", "tu", "una", "persona", "nombre", "prueba", "soy", "tengo", "si", "muy",
    "es", "desconocido",
    // the keyboard
    "asdf", "asdfg", "asdfgh", "asd", "qwe", "qwerty", "qwert", "abc", "abcd", "aaa", "xxx", "blabla",
    "bla", "lala", "haha", "kkk",
];

/// The name that an answer to a question for one gives; `is_typed` when the element's type is a name, where
/// also long unknown names in small letters are taken.
pub(super) fn asked_name(answer: &str, is_typed: bool) -> Option<String> {
    let answer = without_introduction(answer.trim());
    let name = person_name(answer)?;
    let words = name.split(' ').count();
    let is_small = !answer.contains(char::is_uppercase);
    let first = fold(name.split(' ').next().unwrap_or_default());
    if !is_typed && is_small && words > 3 && !is_first_name(&first) {
        return None;
    }
    Some(name)
}

/// Whether the name begins with a common first name.
pub(super) fn begins_with_first_name(name: &str) -> bool {
    let first = name.split([' ', '-']).next().unwrap_or_default();
    is_first_name(&fold(first))
}

/// A name at the beginning of the text, up to the first mark or digit that no name holds.
pub(super) fn person_name(text: &str) -> Option<String> {
    let part = head(text);
    if part.chars().count() > MOST_CHARS {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for word in part.split_whitespace() {
        let word = word.trim_matches(|character: char| !character.is_alphabetic());
        let is_title = parts.is_empty() && is_in(TITLES, &fold(word));
        if word.is_empty() || is_title {
            continue;
        }
        // `Alfa S.A.`; `Sá` is a surname.
        if !is_name_word(word) || matches!(word, "SA" | "S.A" | "S/A") {
            return None;
        }
        parts.push(word);
    }
    while parts.last().is_some_and(|word| is_in(PARTICLES, &fold(word))) {
        parts.pop();
    }
    let letters: usize = parts.iter().map(|word| word.chars().count()).sum();
    if parts.is_empty() || parts.len() > MOST_WORDS || letters < 2 || is_in(PARTICLES, &fold(parts[0])) {
        return None;
    }
    Some(written_as_name(&parts))
}

/// Up to what cannot be part of a name: `Ana Souza, 34 anos`, `Ana Souza - ana@…`, `Ana <ana@…`.
fn head(text: &str) -> &str {
    let text = text.trim_start_matches(|character: char| !character.is_alphanumeric() && character != '@');
    let mut end = text
        .find([',', ';', '(', '<', '|', '/', '\n', ':', '@', '!', '?', '"', '[', '•'])
        .unwrap_or(text.len());
    for mark in [" - ", " – ", " — ", ". "] {
        let is_initial = |at: usize| mark == ". " && is_abbreviated(&text[..at]);
        if let Some(at) = text[..end].find(mark)
            && !is_initial(at)
        {
            end = at;
        }
    }
    // A digit inside a word spoils it (`bia99`); before a space it ends the name (`Ana 34`).
    if let Some(digit) = text[..end].find(|character: char| character.is_numeric()) {
        let is_own_word = text[..digit].ends_with(char::is_whitespace);
        end = if is_own_word { digit } else { 0 };
    }
    // What an address begins with is no name, unless something stands before it.
    if text[end..].starts_with('@') {
        end = text[..end].rfind(char::is_whitespace).unwrap_or(0);
    }
    &text[..end]
}

/// `Dr`, `J`: the stop after it ends no sentence.
fn is_abbreviated(before: &str) -> bool {
    let word = fold(before.rsplit(char::is_whitespace).next().unwrap_or_default());
    word.chars().count() == 1 || is_in(TITLES, &word)
}

fn is_name_word(word: &str) -> bool {
    let is_letter = |character: char| {
        character.is_alphabetic() || "'’-.\u{301}\u{303}\u{302}\u{300}\u{327}".contains(character)
    };
    if !word.chars().all(is_letter) || word.contains("..") || has_inner_stop(word) {
        return false;
    }
    let folded = fold(word);
    // People and contacts are common nouns here: `minha mãe`, `telefone`.
    let is_common = is_in(NOT_NAMES, &folded) || is_in(EMAIL_NOUNS, &folded) || is_in(PHONE_NOUNS, &folded);
    if is_common || is_in(CONTACT_NOUNS, &folded) || is_person_noun(&folded) {
        return false;
    }
    !is_keyboard(&folded)
}

/// `www.loja.com`, `ana.souza`; but `J.R.` is two initials.
fn has_inner_stop(word: &str) -> bool {
    word.trim_end_matches('.').split('.').any(|part| part.chars().count() > 1)
        && word.trim_end_matches('.').contains('.')
}

/// `Neto`, `Filho` and `Prima` end names; the rest of the list does not.
fn is_person_noun(folded: &str) -> bool {
    is_in(OTHER_PEOPLE, folded)
        && !is_in(&["neto", "filho", "sobrinho", "prima", "primo", "padre", "agent", "outra"], folded)
}

/// The same letter over and over, or four letters and more without a vowel.
fn is_keyboard(folded: &str) -> bool {
    let length = folded.chars().count();
    let first = folded.chars().next();
    let is_repeated = length >= 3 && folded.chars().all(|letter| Some(letter) == first);
    let is_latin = folded.chars().all(|letter| letter.is_ascii_alphabetic());
    let has_vowel = folded.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    is_repeated || (is_latin && length >= 4 && !has_vowel)
}

/// Words typed all in capitals or all in small letters get a capital; mixed ones (`McDonald`) stay.
fn written_as_name(parts: &[&str]) -> String {
    let mut name = String::new();
    let is_shouted = !parts.iter().any(|part| part.contains(char::is_lowercase));
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            name.push(' ');
        }
        let has_small = part.contains(char::is_lowercase);
        let has_capital = part.contains(char::is_uppercase);
        let is_mixed = has_small && has_capital;
        // A single capital in a mixed name is an initial: `Maria E. Souza`.
        let is_particle = is_in(PARTICLES, &fold(part)) && (part.len() > 1 || has_small || is_shouted);
        if index > 0 && is_particle && !is_mixed {
            name.push_str(&part.to_lowercase());
        } else if is_mixed || is_initials(part) {
            name.push_str(part);
        } else {
            push_capitalised(&mut name, part);
        }
    }
    name
}

/// `JP`, `J.`: two capitals without a vowel.
fn is_initials(part: &str) -> bool {
    let letters = part.chars().filter(|letter| letter.is_alphabetic()).count();
    letters <= 2 && !part.contains(char::is_lowercase) && !fold(part).contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// `o'connor` is `O'Connor`, `mary-jane` is `Mary-Jane`.
fn push_capitalised(name: &mut String, part: &str) {
    let mut begins = true;
    let mut letters_before = 0;
    for letter in part.chars() {
        if begins && letter.is_alphabetic() {
            name.extend(letter.to_uppercase());
        } else {
            name.extend(letter.to_lowercase());
        }
        letters_before = if letter.is_alphabetic() { letters_before + 1 } else { 0 };
        begins = letter == '-'
            || (matches!(letter, '\'' | '’')
                && name.chars().rev().skip(1).take_while(|c| c.is_alphabetic()).count() == 1);
        begins |= letters_before == 0 && letter == '.';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let good = [
            ("ana souza", "Ana Souza"),
            ("  ANTÔNIO   DA SILVA ", "Antônio da Silva"),
            ("liam o'connor", "Liam O'Connor"),
            ("Luísa D'Ávila", "Luísa D'Ávila"),
            ("MARY-JANE WATSON", "Mary-Jane Watson"),
            ("Dr. João Silva", "João Silva"),
            ("Ana Souza, 34 anos", "Ana Souza"),
            ("João Neto 😊", "João Neto"),
            ("J. R. Tolkien", "J. R. Tolkien"),
            ("me chamo Ana", "Ana"),
            ("Max Turner <max@max.io>", "Max Turner"),
            ("Ana Souza ana@exemplo.com", "Ana Souza"),
            ("李小龙", "李小龙"),
            ("Ανδρέας", "Ανδρέας"),
        ];
        for (text, name) in good {
            assert_eq!(asked_name(text, false).as_deref(), Some(name), "{text}");
        }
        let bad = [
            "",
            "-",
            "a",
            "ana@exemplo.com",
            "11987654321",
            "www.loja.com",
            "xxxx",
            "asdfgh",
            "teste",
            "prefiro não informar",
            "n/a",
            "Padaria Estrela Ltda",
            "bom dia",
            "none of your business",
            "de",
            "...",
            "bia_fit",
            "paco99",
            "😊",
            "minha mãe",
        ];
        for text in bad {
            assert_eq!(asked_name(text, false), None, "{text}");
        }
    }
}
