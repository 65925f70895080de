//! The words of an HTML mail, for whoever reads mail as text. Each character is looked at once and nothing is nested,
//! so that no document of one account, however odd, costs the others more than its length: html2text goes down nested
//! tables by recursion, nanohtml2text looks for the end of each tag that has none. What is not closed reaches to the
//! end, as in browsers.

use super::entities::decoded;

/// Lines ended by `\n`: paragraphs with an empty line between them, `- ` before the items of lists, the address behind
/// the words of a link. Empty when the document has no words.
pub(super) fn plain_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = html;
    while let Some(opening) = rest.find('<') {
        writer.text(&rest[..opening]);
        rest = after_markup(&rest[opening + 1..], &mut writer);
    }
    writer.text(rest);
    writer.end_link();
    writer.out
}

/// What follows behind the markup that begins with the `<` before `text`.
fn after_markup<'t>(text: &'t str, writer: &mut Writer) -> &'t str {
    if let Some(comment) = text.strip_prefix("!--") {
        return behind(comment, "-->");
    }
    let is_tag =
        text.strip_prefix('/').unwrap_or(text).starts_with(|first: char| first.is_ascii_alphabetic());
    if !is_tag && text.starts_with(['!', '?', '/']) {
        return behind(text, ">");
    }
    if !is_tag {
        writer.text("<");
        return text;
    }
    let Some((tag, rest)) = read_tag(text) else { return "" };
    writer.tag(&tag);
    let is_hidden = ["script", "style", "template", "title"].contains(&tag.name.as_str());
    if is_hidden && !tag.is_end { behind_element(rest, &tag.name) } else { rest }
}

fn behind<'t>(text: &'t str, end: &str) -> &'t str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// From the end tag of an element on, in whose content `<` is no markup.
fn behind_element<'t>(text: &'t str, name: &str) -> &'t str {
    let is_end = |at: usize| {
        let found = text.as_bytes().get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    text.match_indices("</").find(|(at, _)| is_end(*at)).map_or("", |(at, _)| &text[at..])
}

struct Tag<'t> {
    /// In lower case.
    name: String,
    is_end: bool,
    href: Option<&'t str>,
    alt: Option<&'t str>,
}

/// The tag whose `<` stands before `text`, and what follows; `None` when it has no end.
fn read_tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let (is_end, text) = match text.strip_prefix('/') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let ends_name = |character: char| character.is_ascii_whitespace() || character == '/' || character == '>';
    let (name, mut rest) = text.split_at(text.find(ends_name)?);
    let mut tag = Tag { name: name.to_ascii_lowercase(), is_end, href: None, alt: None };
    loop {
        rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return Some((tag, rest));
        }
        let (name, value, behind) = read_attribute(rest)?;
        rest = behind;
        if name.eq_ignore_ascii_case("href") {
            tag.href = tag.href.or(value);
        } else if name.eq_ignore_ascii_case("alt") {
            tag.alt = tag.alt.or(value);
        }
    }
}

/// Name, value and what follows; `None` when the text ends before.
fn read_attribute(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let first = text.chars().next()?.len_utf8();
    let ends_name = |character: char| character.is_ascii_whitespace() || ['=', '/', '>'].contains(&character);
    // The standard takes even a `=` for the first character of a name.
    let (name, rest) = text.split_at(first + text[first..].find(ends_name)?);
    let Some(value) = rest.trim_ascii_start().strip_prefix('=') else { return Some((name, None, rest)) };
    let value = value.trim_ascii_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote)?;
            return Some((name, Some(value), rest));
        }
    }
    let end = value.find(|character: char| character.is_ascii_whitespace() || character == '>')?;
    let (value, rest) = value.split_at(end);
    Some((name, Some(value), rest))
}

/// How a tag parts what stands before it from what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
    Paragraph,
}

impl Gap {
    fn of(name: &str) -> Self {
        match name {
            "td" | "th" => Self::Space,
            "br" | "div" | "dd" | "dt" | "li" | "option" | "tr" => Self::Line,
            "address" | "article" | "aside" | "blockquote" | "center" | "dl" | "figure" | "footer"
            | "form" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hr" | "main" | "nav" | "ol"
            | "p" | "pre" | "section" | "table" | "ul" => Self::Paragraph,
            _ => Self::None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Space => " ",
            Self::Line => "\n",
            Self::Paragraph => "\n\n",
        }
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Comes before the next word.
    gap: Gap,
    /// A list's item has begun, and its first word has not.
    is_item: bool,
    link: Option<Link>,
}

struct Link {
    address: String,
    /// Where its words begin.
    from: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        for character in decoded(text) {
            if character.is_ascii_whitespace() {
                self.gap = self.gap.max(Gap::Space);
            } else {
                self.begin_word();
                self.out.push(character);
            }
        }
    }

    fn begin_word(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        if !self.out.is_empty() {
            self.out.push_str(gap.text());
        }
        if std::mem::take(&mut self.is_item) {
            self.out.push_str("- ");
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        match (tag.name.as_str(), tag.is_end) {
            ("a", _) => {
                self.end_link();
                if let Some(href) = tag.href.filter(|_| !tag.is_end) {
                    self.begin_link(href);
                }
            }
            ("img", false) => self.text(tag.alt.unwrap_or_default()),
            (name, is_end) => {
                self.gap = self.gap.max(Gap::of(name));
                if name == "li" {
                    self.is_item = !is_end;
                }
            }
        }
    }

    fn begin_link(&mut self, href: &str) {
        let address: String = decoded(href.trim_ascii()).collect();
        let leads_somewhere = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
        if leads_somewhere && !address.contains(char::is_whitespace) {
            self.link = Some(Link { address, from: self.out.len() });
        }
    }

    /// Writes the address of the link that is open, unless its words are the address.
    fn end_link(&mut self) {
        let Some(Link { address, from }) = self.link.take() else { return };
        let words = self.out[from..].trim();
        if words == address {
            return;
        }
        let has_words = !words.is_empty();
        let gap = self.gap;
        self.gap = if has_words { Gap::Space } else { gap };
        self.begin_word();
        self.out.push_str(&if has_words { format!("({address})") } else { address });
        self.gap = if has_words { gap } else { Gap::None };
    }
}

#[cfg(test)]
#[path = "plain_text_tests.rs"]
mod tests;
