//! What a stranger typed, made fit to stand in a message.

const MAX_CHARS: usize = 200;

/// Words apart by one space, without what is not seen and without links, cut to 200 characters.
///
/// A link here is a word with `://` or `www.` in it, or a bare domain with a path or without. Words of one piece
/// only: texts that are compared must not glue a link to a comma or a bracket.
pub(super) fn clean(text: &str) -> String {
    let seen: String = text.chars().filter(|character| !is_unseen(*character)).collect();
    let words: Vec<&str> = seen
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| !word.is_empty() && !is_link(word))
        .collect();
    let joined: String = words.join(" ").chars().take(MAX_CHARS).collect();
    joined.trim_end().to_owned()
}

/// At most so many characters of the marketer's own words.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(MAX_CHARS).collect()
}

/// Control characters other than those that stand for a space or a new line, marks that turn the direction, and
/// characters of no width.
fn is_unseen(character: char) -> bool {
    let stands_for_space = matches!(character, '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}');
    (character.is_control() && !stands_for_space)
        || matches!(character as u32, 0x61c | 0x200b | 0x200e | 0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xad)
}

fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.contains("www.") {
        return true;
    }
    let host = lower.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let Some((name, top)) = host.trim_end_matches('.').rsplit_once('.') else { return false };
    name.ends_with(char::is_alphanumeric) && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_stays_and_links_go() {
        for (text, expected) in [
            ("  quero\t mudar\n agora ", "quero mudar agora"),
            ("veja https://exemplo.com/x?a=1 agora", "veja agora"),
            ("WWW.exemplo exemplo.com/x exemplo.com.br fim.", "fim."),
            ("a\u{0}b\u{7}c\u{202e}d\u{200b}e", "abcde"),
            ("você e 你好 и привет مرحبا", "você e 你好 и привет مرحبا"),
            ("{{ score }} <b>oi</b> & \"x\"", "{{ score }} <b>oi</b> & \"x\""),
            ("5.5 kg e R$ 1.500,00", "5.5 kg e R$ 1.500,00"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
        assert_eq!(clean(&"á".repeat(300)).chars().count(), 200);
        assert_eq!(clean(&format!("{} b", "a".repeat(199))), "a".repeat(199));
    }
}
