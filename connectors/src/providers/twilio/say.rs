/// A call that says the text and ends (<https://www.twilio.com/docs/voice/twiml/say>). Without a language Twilio
/// would speak American English.
pub(super) fn twiml(language: &str, text: &str) -> String {
    let language = if language.is_empty() { "pt-BR" } else { language };
    format!("<Response><Say language=\"{}\">{}</Say></Response>", escape(language), escape(text))
}

/// As content and as a quoted attribute (XML 1.0, 2.4). Characters that XML 1.0 does not have (2.2) are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        assert_eq!(
            twiml("pt-BR", "Olá & até </Say><Hangup/>\u{0}\u{fffe}\"'\n"),
            "<Response><Say language=\"pt-BR\">Olá &amp; até &lt;/Say&gt;&lt;Hangup/&gt;&quot;&apos;\n</Say></Response>"
        );
        assert_eq!(
            twiml("x\" loop=\"0", "a"),
            "<Response><Say language=\"x&quot; loop=&quot;0\">a</Say></Response>"
        );
        assert_eq!(twiml("", "a"), "<Response><Say language=\"pt-BR\">a</Say></Response>");
    }
}
