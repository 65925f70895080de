//! E-mail addresses, by their syntax. Whether anybody reads them is not asked here.

use email_address::{EmailAddress, Options};

use super::{form, text::FormCheck};
use crate::elements::{AnswerCheck, Refusal, Settings};

/// RFC 5321 section 4.5.3.1.3: a path has 256 octets, two of which are its brackets.
const MAX_EMAIL_BYTES: usize = 254;

/// No display name and no `[127.0.0.1]`.
const OPTIONS: Options =
    Options { minimum_sub_domains: 2, allow_domain_literal: false, allow_display_text: false };

pub fn build(_: &Settings) -> Box<dyn AnswerCheck> {
    Box::new(FormCheck { normalise: |value| normalise(form::text(value)?) })
}

fn normalise(text: &str) -> Result<String, Refusal> {
    parse_email(text).ok_or_else(|| Refusal::new("bad_email", "expected an e-mail address"))
}

/// The address without the spaces around it, its domain in lower case. The local part is left as it is:
/// only the receiving server may say that its case means nothing.
pub fn parse_email(text: &str) -> Option<String> {
    let address = text.trim();
    let (local_part, domain) = address.rsplit_once('@')?;
    if address.len() > MAX_EMAIL_BYTES || !is_internet_domain(domain) {
        return None;
    }
    EmailAddress::parse_with_options(address, OPTIONS).ok()?;
    Some(format!("{local_part}@{}", domain.to_lowercase()))
}

/// Stricter than RFC 5322, which lets `#` stand in a domain: letters (of any script), digits and hyphens,
/// and a top-level domain that begins with a letter.
fn is_internet_domain(domain: &str) -> bool {
    let allowed = |character: char| character.is_alphanumeric() || character == '-' || character == '.';
    let top_level = domain.rsplit('.').next().unwrap_or_default();
    let is_name = top_level.chars().count() >= 2 && top_level.starts_with(char::is_alphabetic);
    is_name && domain.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_addresses() {
        let good = [
            ("ana@exemplo.com.br", "ana@exemplo.com.br"),
            ("  Ana.Souza+quiz@Exemplo.COM.BR ", "Ana.Souza+quiz@exemplo.com.br"),
            ("joão@exemplo.com", "joão@exemplo.com"),
            ("ana@açaí.com.br", "ana@açaí.com.br"),
            ("o'neil_1@sub-domain.example.co", "o'neil_1@sub-domain.example.co"),
            ("ana@xn--aa-8ja.com", "ana@xn--aa-8ja.com"),
        ];
        for (text, kept) in good {
            assert_eq!(parse_email(text).as_deref(), Some(kept), "{text}");
        }
        let bad = [
            "",
            "@",
            "ana",
            "ana@",
            "@exemplo.com",
            "ana@exemplo",
            "ana@@exemplo.com",
            "ana souza@exemplo.com",
            "ana@exemplo..com",
            "ana@.com",
            ".ana@exemplo.com",
            "ana.@exemplo.com",
            "Ana <ana@exemplo.com>",
            "<ana@exemplo.com>",
            "ana@[127.0.0.1]",
            "ana@127.0.0.1",
            "ana@ex#emplo.com",
            "ana@-exemplo.com",
            "ana@exemplo.c",
            "ana@exemplo.com.",
            "ana@exemplo.com\nbcc:x@y.com",
            "ana@exem plo.com",
            "ana,b@exemplo.com",
        ];
        for text in bad {
            assert_eq!(parse_email(text), None, "{text}");
        }
        let long = format!("{}@{}.com", "a".repeat(60), "b.".repeat(120));
        assert_eq!(parse_email(&long), None);
    }

    proptest! {
        #[test]
        fn plain_addresses_are_accepted(local in "[a-z][a-z0-9._-]{0,20}[a-z0-9]", domain in "[a-z][a-z0-9-]{0,20}[a-z0-9]") {
            prop_assume!(!local.contains(".."));
            let address = format!("{local}@{domain}.com.br");
            prop_assert_eq!(parse_email(&address), Some(address));
        }

        #[test]
        fn what_is_kept_is_accepted_again_unchanged(text in "\\PC{0,12}@[a-zA-Z.é-]{0,12}") {
            if let Some(kept) = parse_email(&text) {
                prop_assert_eq!(parse_email(&kept), Some(kept));
            }
        }
    }
}
