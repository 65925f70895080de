//! How many parts an SMS is sent in (3GPP TS 23.038, section 6.2, and TS 23.040, section 9.2.3.24.1).

/// The default alphabet of GSM 03.38 in the order of its code points, without the escape at 0x1B.
const DEFAULT_ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What the default extension table adds; each takes an escape and a septet.
const EXTENSION_TABLE: &str = "\u{c}^{}\\[~]|€";

/// What one part holds: alone, or as one of several, where a header of six bytes takes room.
const SEPTETS_ALONE: usize = 160;
const SEPTETS_EACH: usize = 153;
const UNITS_ALONE: usize = 70;
const UNITS_EACH: usize = 67;

/// The alphabet that a text needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsAlphabet {
    /// Seven bits a character, fourteen for those of the extension table.
    Gsm7,
    /// Sixteen bits a UTF-16 unit; one character outside of GSM 03.38 is enough to need it.
    Ucs2,
}

/// How a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmsSegments {
    pub alphabet: SmsAlphabet,
    /// Septets of GSM 03.38, or UTF-16 units.
    pub units: usize,
    /// Parts; an empty text is one.
    pub segments: usize,
}

/// Counts the parts of a text. What takes two units (an escaped septet pair, a surrogate pair) is never split
/// over two parts, so a part may stay one unit short.
pub fn sms_segments(text: &str) -> SmsSegments {
    match septet_widths(text) {
        Some(widths) => count(SmsAlphabet::Gsm7, &widths, SEPTETS_ALONE, SEPTETS_EACH),
        None => {
            let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
            count(SmsAlphabet::Ucs2, &widths, UNITS_ALONE, UNITS_EACH)
        }
    }
}

/// None when a character is in neither table.
fn septet_widths(text: &str) -> Option<Vec<usize>> {
    text.chars()
        .map(|character| {
            if DEFAULT_ALPHABET.contains(character) {
                Some(1)
            } else if EXTENSION_TABLE.contains(character) {
                Some(2)
            } else {
                None
            }
        })
        .collect()
}

fn count(alphabet: SmsAlphabet, widths: &[usize], alone: usize, each: usize) -> SmsSegments {
    let units: usize = widths.iter().sum();
    if units <= alone {
        return SmsSegments { alphabet, units, segments: 1 };
    }
    let mut segments = 1;
    let mut filled = 0;
    for width in widths {
        if filled + width > each {
            segments += 1;
            filled = 0;
        }
        filled += width;
    }
    SmsSegments { alphabet, units, segments }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(text: &str, alphabet: SmsAlphabet, units: usize, segments: usize) {
        assert_eq!(sms_segments(text), SmsSegments { alphabet, units, segments }, "{text:.20}");
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(DEFAULT_ALPHABET.chars().count(), 127);
        assert_eq!(EXTENSION_TABLE.chars().count(), 10);
    }

    #[test]
    fn gsm_texts_are_counted_in_septets() {
        use SmsAlphabet::Gsm7;
        expect("", Gsm7, 0, 1);
        expect("Olà, é só £5? Ñandú", SmsAlphabet::Ucs2, 19, 1);
        expect(&"a".repeat(160), Gsm7, 160, 1);
        expect(&"a".repeat(161), Gsm7, 161, 2);
        expect(&"a".repeat(306), Gsm7, 306, 2);
        expect(&"a".repeat(307), Gsm7, 307, 3);
        expect(&"a".repeat(459), Gsm7, 459, 3);
        expect(&"a".repeat(460), Gsm7, 460, 4);
        expect(&"€".repeat(80), Gsm7, 160, 1);
        expect(&"€".repeat(81), Gsm7, 162, 2);
        // 153 is odd: each part of a text of pairs stays one septet short.
        expect(&"€".repeat(152), Gsm7, 304, 2);
        expect(&"€".repeat(153), Gsm7, 306, 3);
        expect("ÄÖÑÜ§¿äöñüà ÉÅåÆæßΔΦΓΛΩΠΨΣΘΞ\n\r\u{c}", Gsm7, 32, 1);
    }

    #[test]
    fn one_foreign_character_makes_all_of_it_utf16() {
        use SmsAlphabet::Ucs2;
        // Portuguese: ã, õ, ç, á, ê and ó are not in the default alphabet (only Ç, é, à, ò, ù and ì are).
        for foreign in ["ã", "õ", "ç", "á", "ê", "ó", "`", "“", "а"] {
            expect(foreign, Ucs2, 1, 1);
        }
        expect(&"ã".repeat(70), Ucs2, 70, 1);
        expect(&"ã".repeat(71), Ucs2, 71, 2);
        expect(&"ã".repeat(134), Ucs2, 134, 2);
        expect(&"ã".repeat(135), Ucs2, 135, 3);
        expect(&format!("{}ã", "a".repeat(160)), Ucs2, 161, 3);
        expect(&"😀".repeat(35), Ucs2, 70, 1);
        // 67 is odd: 33 pairs a part.
        expect(&"😀".repeat(66), Ucs2, 132, 2);
        expect(&"😀".repeat(67), Ucs2, 134, 3);
    }
}
