//! Character references of HTML: all numbers, and the names that stand in mails.

/// No name here is longer, no number either.
const LONGEST: usize = 10;

/// The text with its references resolved. What is none (`R&D`, `&unknown;`) stays as it is.
pub(super) fn decoded(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        rest = &rest[first.len_utf8()..];
        if first != '&' {
            return Some(first);
        }
        let Some(end) = rest.bytes().take(LONGEST).position(|byte| byte == b';') else { return Some('&') };
        let Some(character) = character(&rest[..end]) else { return Some('&') };
        rest = &rest[end + 1..];
        Some(character)
    })
}

fn character(reference: &str) -> Option<char> {
    let Some(number) = reference.strip_prefix('#') else {
        let place = NAMES.binary_search_by_key(&reference, |(name, _)| name).ok()?;
        return Some(NAMES[place].1);
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
    (!character.is_control() || character.is_ascii_whitespace()).then_some(character)
}

/// In the order of their bytes.
#[rustfmt::skip]
const NAMES: [(&str, char); 130] = [
    ("AElig", 'Æ'), ("Aacute", 'Á'), ("Acirc", 'Â'), ("Agrave", 'À'), ("Aring", 'Å'), ("Atilde", 'Ã'),
    ("Auml", 'Ä'), ("Ccedil", 'Ç'), ("ETH", 'Ð'), ("Eacute", 'É'), ("Ecirc", 'Ê'), ("Egrave", 'È'),
    ("Euml", 'Ë'), ("Iacute", 'Í'), ("Icirc", 'Î'), ("Igrave", 'Ì'), ("Iuml", 'Ï'), ("Ntilde", 'Ñ'),
    ("OElig", 'Œ'), ("Oacute", 'Ó'), ("Ocirc", 'Ô'), ("Ograve", 'Ò'), ("Oslash", 'Ø'), ("Otilde", 'Õ'),
    ("Ouml", 'Ö'), ("THORN", 'Þ'), ("Uacute", 'Ú'), ("Ucirc", 'Û'), ("Ugrave", 'Ù'), ("Uuml", 'Ü'),
    ("Yacute", 'Ý'), ("aacute", 'á'), ("acirc", 'â'), ("acute", '´'), ("aelig", 'æ'), ("agrave", 'à'),
    ("amp", '&'), ("apos", '\''), ("aring", 'å'), ("atilde", 'ã'), ("auml", 'ä'), ("bdquo", '„'),
    ("brvbar", '¦'), ("bull", '•'), ("ccedil", 'ç'), ("cedil", '¸'), ("cent", '¢'), ("check", '✓'),
    ("copy", '©'), ("curren", '¤'), ("darr", '↓'), ("deg", '°'), ("divide", '÷'), ("eacute", 'é'),
    ("ecirc", 'ê'), ("egrave", 'è'), ("emsp", '\u{2003}'), ("ensp", '\u{2002}'), ("eth", 'ð'),
    ("euml", 'ë'), ("euro", '€'), ("frac12", '½'), ("frac14", '¼'), ("frac34", '¾'), ("gt", '>'),
    ("hearts", '♥'), ("hellip", '…'), ("iacute", 'í'), ("icirc", 'î'), ("iexcl", '¡'), ("igrave", 'ì'),
    ("iquest", '¿'), ("iuml", 'ï'), ("laquo", '«'), ("larr", '←'), ("ldquo", '“'), ("lsaquo", '‹'),
    ("lsquo", '‘'), ("lt", '<'), ("macr", '¯'), ("mdash", '—'), ("micro", 'µ'), ("middot", '·'),
    ("nbsp", '\u{a0}'), ("ndash", '–'), ("not", '¬'), ("ntilde", 'ñ'), ("oacute", 'ó'), ("ocirc", 'ô'),
    ("oelig", 'œ'), ("ograve", 'ò'), ("ordf", 'ª'), ("ordm", 'º'), ("oslash", 'ø'), ("otilde", 'õ'),
    ("ouml", 'ö'), ("para", '¶'), ("plusmn", '±'), ("pound", '£'), ("prime", '′'), ("quot", '"'),
    ("raquo", '»'), ("rarr", '→'), ("rdquo", '”'), ("reg", '®'), ("rsaquo", '›'), ("rsquo", '’'),
    ("sbquo", '‚'), ("sect", '§'), ("shy", '\u{ad}'), ("star", '☆'), ("sup1", '¹'), ("sup2", '²'),
    ("sup3", '³'), ("szlig", 'ß'), ("thinsp", '\u{2009}'), ("thorn", 'þ'), ("times", '×'), ("trade", '™'),
    ("uacute", 'ú'), ("uarr", '↑'), ("ucirc", 'û'), ("ugrave", 'ù'), ("uml", '¨'), ("uuml", 'ü'),
    ("yacute", 'ý'), ("yen", '¥'), ("yuml", 'ÿ'), ("zwj", '\u{200d}'), ("zwnj", '\u{200c}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        decoded(html).collect()
    }

    #[test]
    fn references_by_number_and_by_name_are_resolved_and_nothing_else_is() {
        assert_eq!(
            text("&lt;b&gt; &amp;amp; &quot;Ol&aacute;&quot; &#231;&#xE3;&#X6f; &#x27;&euro;&#x1F64F;"),
            "<b> &amp; \"Olá\" ção '€🙏"
        );
        for same in [
            "R&D",
            "a & b;",
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#-1;",
            "&#+1;",
            "&#xD800;",
            "&#0;",
            "&#27;",
            "&nome;",
            "&Á;",
            "&aaaaaaaaaaaaaaaaaaaaa;",
            "&ááááááá;",
            "&#99999999999999;",
        ] {
            assert_eq!(text(same), same);
        }
        assert_eq!(text("&#10;&#9;"), "\n\t");
    }

    #[test]
    fn the_names_can_be_searched() {
        assert!(NAMES.is_sorted_by(|one, other| one.0 < other.0));
        assert!(NAMES.iter().all(|(name, _)| name.len() < LONGEST));
    }
}
