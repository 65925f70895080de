//! Words by which somebody says that no more messages are wanted.

/// Ours, and those that Twilio takes for an opt-out by itself (docs: "Advanced Opt-Out", default keywords), which
/// are the carriers' standard. A message is an opt-out only as a whole: "não quero parar" is none.
const WORDS: &[&str] = &[
    "sair",
    "parar",
    "cancelar",
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "opt-out",
];

/// No word is longer, even with marks around it.
const MAX_BYTES: usize = 200;

/// Whether the whole text is an opt-out word: whatever its case and its accents, with marks and spaces before and
/// after it (`"Sair"`, `*SAIR*`, `stop!!`).
pub fn is_opt_out(text: &str) -> bool {
    if text.len() > MAX_BYTES {
        return false;
    }
    let word = text.trim_matches(|character: char| !character.is_alphanumeric());
    let plain: String = word.chars().flat_map(char::to_lowercase).filter_map(without_accent).collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    WORDS.contains(&plain.as_str())
}

/// The letter below the accent; `None` of an accent that is a character of its own.
fn without_accent(character: char) -> Option<char> {
    Some(match character {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        // Combining marks, and marks that are not seen: zero-width ones and joiners.
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' => return None,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_message_in_whatever_form_is_an_opt_out() {
        for text in [
            "SAIR",
            "sair",
            " Sair. ",
            "PARAR!!!",
            "Cancelar",
            "cancelár",
            "STOP",
            "Stop…",
            "stop\n",
            "\"SAIR\"",
            "*parar*",
            "STOP ALL",
            "stop  all",
            "STOPALL",
            "unsubscribe",
            "End.",
            "QUIT",
            "SAI\u{301}R",
            "sair 🙏",
            "\u{200b}SAIR",
            "Opt-out",
            "SÁIR",
        ] {
            assert!(is_opt_out(text), "{text:?}");
        }
    }

    #[test]
    fn a_word_inside_of_a_message_is_none() {
        for text in [
            "",
            " ",
            "não quero parar",
            "quero sair",
            "parar de fumar",
            "SAIRR",
            "sa ir",
            "s.a.i.r",
            "stopping",
            "stop it",
            "não",
            "1",
            "sim",
            "cancelar a consulta",
            "fim",
            "🙏",
            "stop stop",
        ] {
            assert!(!is_opt_out(text), "{text:?}");
        }
        assert!(!is_opt_out(&format!("{}sair", ".".repeat(MAX_BYTES))));
    }
}
