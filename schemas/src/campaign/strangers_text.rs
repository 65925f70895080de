//! Text of strangers, made fit to stand in a message: what somebody types into a quiz must not be able to put a
//! link, an invisible character or a page of text into a message that carries the marketer's name.

/// The most characters that a variable contributes to a message.
pub const MAX_VARIABLE_CHARS: usize = 200;

/// Besides the full stop: dots that browsers read as those of a domain name (UTS 46), or whose NFKC form is one.
const OTHER_DOTS: [char; 5] = ['\u{3002}', '\u{ff0e}', '\u{ff61}', '\u{2024}', '\u{fe52}'];

/// What programs open although no `//` follows.
const SCHEMES: [&str; 8] =
    ["javascript:", "vbscript:", "data:", "mailto:", "tel:", "sms:", "file:", "intent:"];

/// The text on one line without control, bidirectional and invisible characters, without what programs make a
/// link of, and at most [`MAX_VARIABLE_CHARS`] characters long.
///
/// A link is a word with `://`, `www.`, a scheme that opens something, an IPv4 address, or two labels with a dot
/// between them of which the last could be a top-level domain. `fim.Muito` is the end of a sentence without its
/// space, and gets it.
pub fn strangers_text(text: &str) -> String {
    strangers_text_within(text, MAX_VARIABLE_CHARS)
}

/// The same, of at most so many characters.
pub(crate) fn strangers_text_within(text: &str, max_chars: usize) -> String {
    let mut output = Output { max_chars, ..Output::default() };
    let mut word = String::new();
    for character in text.chars() {
        if is_invisible(character) {
            continue;
        }
        let is_space = character.is_whitespace() || character.is_control();
        if !is_space && !ends_word(character) {
            word.push(character);
            continue;
        }
        output.add_word(&word);
        word.clear();
        if is_space {
            output.wants_space = true;
        } else {
            output.add(character.encode_utf8(&mut [0; 4]));
        }
        if output.is_full() {
            break;
        }
    }
    output.add_word(&word);
    output.finish()
}

/// At most [`MAX_VARIABLE_CHARS`] characters of a text that is not a stranger's.
pub(crate) fn cut(text: &str) -> &str {
    match text.char_indices().nth(MAX_VARIABLE_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[derive(Default)]
struct Output {
    text: String,
    chars: usize,
    max_chars: usize,
    wants_space: bool,
}

impl Output {
    fn is_full(&self) -> bool {
        self.chars >= self.max_chars
    }

    fn add_word(&mut self, word: &str) {
        if word.is_empty() || self.is_full() {
            return;
        }
        if opens_something(&plain_form(word)) {
            // What stood on both sides of it must not become one word.
            self.wants_space = true;
            return;
        }
        for (sentence, space_follows) in sentences(word) {
            if is_link(sentence) {
                self.wants_space = true;
                continue;
            }
            self.add(sentence);
            self.wants_space |= space_follows;
        }
    }

    /// As much of it as there is room for.
    fn add(&mut self, word: &str) {
        if self.wants_space && self.chars > 0 {
            self.text.push(' ');
            self.chars += 1;
        }
        self.wants_space = false;
        let room = self.max_chars.saturating_sub(self.chars);
        let end = word.char_indices().nth(room).map_or(word.len(), |(end, _)| end);
        let kept = &word[..end];
        self.chars += kept.chars().count();
        // Cut off, `exemplo.com1` would be a link.
        if end == word.len() || !is_link(kept) {
            self.text.push_str(kept);
        }
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Where one word ends and the next begins although no space stands there: no host name holds such a character.
fn ends_word(character: char) -> bool {
    matches!(
        character,
        ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' | '!' | '|' | '`'
    ) || matches!(character, '\u{2018}'..='\u{201f}' | '\u{3001}' | '\u{3008}'..='\u{3011}')
        || matches!(character, '\u{ff01}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0c}' | '\u{ff1b}' | '\u{ff1f}')
}

/// Characters that are not seen, or that turn the direction of what follows. The joiners U+200C and U+200D stay:
/// several scripts cannot be written without them.
fn is_invisible(character: char) -> bool {
    let is_control =
        character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}');
    let is_bidirectional = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_unseen = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}' | '\u{e0000}'..='\u{e0fff}'
    );
    is_control || is_bidirectional || is_unseen
}

/// Whether a program would make a link of this word, or of a part of it.
fn is_link(word: &str) -> bool {
    let plain = plain_form(word);
    opens_something(&plain) || has_domain(&plain) || has_ipv4_address(&plain)
}

fn opens_something(plain: &str) -> bool {
    plain.contains("://") || plain.contains("www.") || SCHEMES.iter().any(|scheme| plain.contains(scheme))
}

/// The sentences of a word, each with whether a space follows it. A sentence ends with a full stop after which a
/// capital and a small letter follow, or with an ideographic one before a letter that is not ASCII.
fn sentences(word: &str) -> Vec<(&str, bool)> {
    let characters: Vec<(usize, char)> = word.char_indices().collect();
    let mut sentences = Vec::new();
    let mut begin = 0;
    for (place, (_, character)) in characters.iter().enumerate() {
        let next = |ahead: usize| characters.get(place + ahead).map(|(_, next)| *next);
        let Some((end, first)) = characters.get(place + 1).copied() else { break };
        let is_full_stop = *character == '.';
        let begins_sentence = first.is_uppercase() && next(2).is_some_and(char::is_lowercase);
        let is_ideographic = matches!(character, '\u{3002}' | '\u{ff61}');
        if is_full_stop && begins_sentence {
            sentences.push((&word[begin..end], true));
        } else if is_ideographic
            && first.is_alphanumeric()
            && !plain_form(first.encode_utf8(&mut [0; 4])).is_ascii()
        {
            sentences.push((&word[begin..end], false));
        } else {
            continue;
        }
        begin = end;
    }
    sentences.push((&word[begin..], false));
    sentences
}

/// In lower case, full-width ASCII as ASCII, every dot as a full stop, without joiners.
fn plain_form(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for character in word.chars() {
        match character {
            '\u{200c}' | '\u{200d}' => {}
            dot if OTHER_DOTS.contains(&dot) => plain.push('.'),
            '\u{ff01}'..='\u{ff5e}' => {
                let ascii = char::from_u32(character as u32 - 0xfee0).unwrap_or(character);
                plain.push(ascii.to_ascii_lowercase());
            }
            other => plain.extend(other.to_lowercase()),
        }
    }
    plain
}

/// A label, a dot, and a label that could be a top-level domain: two letters or more, or `xn--` and anything.
fn has_domain(plain: &str) -> bool {
    let characters: Vec<char> = plain.chars().collect();
    let is_dot_of_domain = |place: usize| {
        characters[place] == '.'
            && characters[place - 1].is_alphanumeric()
            && starts_with_top_level(&characters[place + 1..])
    };
    (1..characters.len()).any(is_dot_of_domain)
}

fn starts_with_top_level(rest: &[char]) -> bool {
    let label: Vec<char> = rest.iter().copied().take_while(|character| is_label(*character)).collect();
    if label.starts_with(&['x', 'n', '-', '-']) {
        return true;
    }
    label.len() >= 2 && label.iter().all(|character| character.is_alphabetic())
}

fn is_label(character: char) -> bool {
    character.is_alphanumeric() || character == '-' || character == '_'
}

fn has_ipv4_address(plain: &str) -> bool {
    let numbers_and_dots = plain.split(|character: char| !character.is_ascii_digit() && character != '.');
    numbers_and_dots.into_iter().any(|part| {
        let numbers: Vec<&str> = part.trim_matches('.').split('.').collect();
        numbers.len() == 4 && numbers.iter().all(|number| number.parse::<u8>().is_ok())
    })
}

#[cfg(test)]
#[path = "strangers_text_tests.rs"]
mod tests;
