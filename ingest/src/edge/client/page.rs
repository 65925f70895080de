use vendzz_schemas::events::Utm;

/// What the page says of where it was reached from is kept up to these lengths, in bytes. It is cut
/// rather than refused: nobody's answers are lost for a long address.
const MAX_REFERRER_BYTES: usize = 1_024;
const MAX_UTM_BYTES: usize = 255;

/// The page that led here without its query, fragment and user: those may name a person. Empty when it
/// is not an http(s) address.
pub fn referrer_of(text: &str) -> String {
    let text = text.trim();
    let Some(scheme) =
        ["https://", "http://"].into_iter().find(|scheme| starts_with_ignoring_case(text, scheme))
    else {
        return String::new();
    };
    let rest = &text[scheme.len()..];
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return String::new();
    }
    let mut referrer = format!("{scheme}{}{path}", host.to_ascii_lowercase());
    cut(&mut referrer, MAX_REFERRER_BYTES);
    referrer
}

/// Campaign parameters by their names after `utm_`; others are not kept.
#[derive(Debug, Default)]
pub struct UtmReader(Utm);

impl UtmReader {
    pub fn take(&mut self, name: &str, value: &str) {
        let field = match name {
            "source" => &mut self.0.source,
            "medium" => &mut self.0.medium,
            "campaign" => &mut self.0.campaign,
            "term" => &mut self.0.term,
            "content" => &mut self.0.content,
            _ => return,
        };
        value.trim().clone_into(field);
        cut(field, MAX_UTM_BYTES);
    }

    pub fn finish(self) -> Utm {
        self.0
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn cut(text: &mut String, max_bytes: usize) {
    if text.len() > max_bytes {
        text.truncate(text.floor_char_boundary(max_bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_is_kept_without_what_may_name_a_person() {
        for (text, expected) in [
            ("https://example.com/a/b?email=ana@example.com#top", "https://example.com/a/b"),
            ("HTTPS://Ana:secret@Example.COM/A", "https://example.com/A"),
            ("http://example.com", "http://example.com"),
            ("https://example.com?q=1", "https://example.com"),
            ("https://example.com#x@y", "https://example.com"),
            ("https://", ""),
            ("javascript:alert(1)", ""),
            ("android-app://com.example", ""),
            ("", ""),
            ("é", ""),
        ] {
            assert_eq!(referrer_of(text), expected, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut utm = UtmReader::default();
        utm.take("source", &"é".repeat(200));
        utm.take("surprise", "kept nowhere");
        assert_eq!(utm.finish().source.len(), 254);
        assert_eq!(referrer_of(&format!("https://example.com/{}", "é".repeat(2_000))).len(), 1_024);
    }
}
