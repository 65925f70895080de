//! E-mail addresses inside a text.

use std::ops::Range;

use vendzz_schemas::elements::checks::email::parse_email;

/// An address and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EmailCandidate {
    pub span: Range<usize>,
    pub value: String,
}

/// Every address that stands in the text as one, whatever marks surround it.
pub(super) fn addresses(text: &str) -> Vec<EmailCandidate> {
    let mut found: Vec<EmailCandidate> = Vec::new();
    for (at, _) in text.match_indices('@') {
        if found.last().is_some_and(|last| at < last.span.end) {
            continue;
        }
        if let Some(candidate) = address_around(text, at) {
            found.push(candidate);
        }
    }
    found
}

fn address_around(text: &str, at: usize) -> Option<EmailCandidate> {
    let is_local = |character: char| character.is_alphanumeric() || "._%+-'".contains(character);
    let before = &text[..at];
    let start = before
        .rfind(|character| !is_local(character))
        .map_or(0, |place| place + before[place..].chars().next().map_or(1, char::len_utf8));
    let local = before[start..].trim_start_matches(['.', '-', '\'', '+', '%']);
    let start = at - local.len();
    // `https://user@host` is no address.
    if local.is_empty() || before[..start].ends_with("//") {
        return None;
    }
    let after = &text[at + 1..];
    let is_domain = |character: char| character.is_alphanumeric() || character == '.' || character == '-';
    let length = after.find(|character| !is_domain(character)).unwrap_or(after.len());
    let domain = without_next_sentence(after[..length].trim_end_matches(['.', '-']));
    let value = parse_email(&text[start..at + 1 + domain.len()])?;
    Some(EmailCandidate { span: start..at + 1 + domain.len(), value })
}

/// `gmail.com.Obrigada`: a sentence that begins without a space is not part of the domain.
fn without_next_sentence(domain: &str) -> &str {
    let Some((head, last)) = domain.rsplit_once('.') else { return domain };
    let mut letters = last.chars();
    let begins_sentence =
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    let head_is_small = !head.contains(char::is_uppercase);
    if begins_sentence && head_is_small && head.contains('.') { head } else { domain }
}

/// Top-level domains of which a spelled-out address is believed.
#[rustfmt::skip]
const SPELLED_ENDINGS: &[&str] = &[
    "com", "br", "net", "org", "pt", "es", "mx", "ar", "cl", "co", "pe", "io", "me", "us", "uk", "edu",
    "gov", "app", "dev",
];

/// An address in words or with spaces around its mark, for an answer to a question that asks for one: `ana
/// arroba gmail ponto com`, `ana (at) gmail (dot) com`, `ana @ gmail.com`. The whole answer must be it.
pub(super) fn spelled_address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 120 || !(text.contains('@') || has_spelled_mark(text)) {
        return None;
    }
    let mut joined = String::with_capacity(text.len());
    let spaced = text.replace(['(', ')', '[', ']'], " ").replace('@', " @ ");
    let mut after_mark = true;
    for part in spaced.split_whitespace() {
        let mark = match part.to_lowercase().as_str() {
            "@" | "arroba" | "at" => Some('@'),
            "ponto" | "punto" | "dot" => Some('.'),
            _ => None,
        };
        match mark {
            Some(mark) => joined.push(mark),
            // Two words with no mark between them are not one part of an address.
            None if !after_mark => return None,
            None => joined.push_str(part),
        }
        after_mark = mark.is_some();
    }
    let ending = joined.trim_end_matches('.').rsplit('.').next()?.to_lowercase();
    if !SPELLED_ENDINGS.contains(&ending.as_str()) {
        return None;
    }
    parse_email(joined.trim_end_matches('.'))
}

fn has_spelled_mark(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("arroba") || lower.contains("(at)") || lower.contains("[at]") || lower.contains(" at ")
}

/// What stands before `@` in addresses that belong to a desk rather than to a person.
#[rustfmt::skip]
const DESKS: &[&str] = &[
    "suporte", "ajuda", "contato", "sac", "atendimento", "vendas", "comercial", "financeiro", "faleconosco",
    "support", "help", "helpdesk", "info", "contact", "sales", "billing", "noreply", "no-reply", "service",
    "soporte", "ayuda", "contacto", "ventas", "atencion", "promo", "marketing", "newsletter", "naoresponda",
];

/// Whether the address is of a desk (`ajuda@loja.com`).
pub(super) fn is_desk(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    DESKS.contains(&local.as_str())
}
