//! One way of writing a contact.

use std::fmt;

use rlibphonenumber::Region;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::elements::checks::email::parse_email;
use vendzz_schemas::elements::checks::phone::parse_phone;

/// A contact as it stands in every table of permissions: E.164, or a lower-case e-mail address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Contact(String);

/// Why a text is no contact. The text itself is not repeated: it may be one with a typing mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    #[error("is not a phone number; write it as +5511900000000, or with area code")]
    NotAPhone,
    #[error("is not an e-mail address")]
    NotAnEmail,
}

impl Contact {
    /// Reads a contact of this channel. A phone number without a country code is read as Brazil's.
    ///
    /// Case means nothing in an address here, although only the receiving server may say so (RFC 5321 section
    /// 2.4): who opts out as `Ana@…` means `ana@…` too.
    pub fn parse(channel: Channel, text: &str) -> Result<Self, ContactError> {
        match channel {
            Channel::Email => {
                parse_email(text).map(|address| Self(address.to_lowercase())).ok_or(ContactError::NotAnEmail)
            }
            Channel::Sms | Channel::Whatsapp | Channel::Voice => {
                let plain = text.trim();
                parse_phone(plain, Region::BR)
                    .or_else(|| parse_phone(&with_ninth_digit(plain)?, Region::BR))
                    .map(Self)
                    .ok_or(ContactError::NotAPhone)
            }
        }
    }

    /// Reads a contact of which only the text is known: with an `@` it is an address.
    pub fn parse_any(text: &str) -> Result<Self, ContactError> {
        let channel = if text.contains('@') { Channel::Email } else { Channel::Sms };
        Self::parse(channel, text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An old Brazilian mobile number of eight digits with the 9 that it got between 2012 and 2016. WhatsApp still
/// names people by the number with which they joined.
fn with_ninth_digit(text: &str) -> Option<String> {
    let allowed = |character: char| character.is_ascii_digit() || "+-.() /\u{a0}".contains(character);
    if !text.chars().all(allowed) {
        return None;
    }
    let is_international = text.starts_with('+');
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = match digits.strip_prefix("55") {
        Some(national) if is_international && national.len() == 10 => national,
        _ if !is_international && digits.len() == 10 => &digits,
        _ => return None,
    };
    let (area, subscriber) = national.split_at(2);
    subscriber.starts_with(['6', '7', '8', '9']).then(|| format!("+55{area}9{subscriber}"))
}

/// Personal data: never shown by accident.
impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[contact]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(channel: Channel, text: &str) -> Result<String, ContactError> {
        Contact::parse(channel, text).map(|contact| contact.as_str().to_owned())
    }

    #[test]
    fn whatever_way_a_contact_is_written_it_is_one_row() {
        for text in
            ["+5511987654321", "(11) 98765-4321", " 011 98765 4321 ", "+55 11 8765-4321", "1187654321"]
        {
            assert_eq!(parsed(Channel::Sms, text).as_deref(), Ok("+5511987654321"), "{text}");
        }
        assert_eq!(parsed(Channel::Voice, "+551133334444").as_deref(), Ok("+551133334444"), "a landline");
        assert_eq!(parsed(Channel::Whatsapp, "+14155552671").as_deref(), Ok("+14155552671"));
        assert_eq!(parsed(Channel::Email, " Ana.Souza@Exemplo.COM ").as_deref(), Ok("ana.souza@exemplo.com"));
    }

    #[test]
    fn what_is_no_contact_of_the_channel_is_refused() {
        for text in
            ["", "ana@exemplo.com", "+55", "+5511", "12345", "+5511 2876-54321", "+55119876543211", "STOP"]
        {
            assert_eq!(parsed(Channel::Sms, text), Err(ContactError::NotAPhone), "{text}");
        }
        for text in ["", "+5511987654321", "ana@", "Ana <ana@exemplo.com>", "ana@exemplo.com\nx"] {
            assert_eq!(parsed(Channel::Email, text), Err(ContactError::NotAnEmail), "{text}");
        }
    }

    #[test]
    fn a_contact_does_not_show_itself() {
        let contact = Contact::parse(Channel::Email, "ana@exemplo.com").unwrap();
        assert_eq!(format!("{contact:?}"), "[contact]");
    }

    #[test]
    fn what_is_kept_is_read_again_unchanged() {
        for (channel, text) in [(Channel::Sms, "11 98765-4321"), (Channel::Email, "ÀNA@AÇAÍ.com.br")] {
            let once = parsed(channel, text).unwrap();
            assert_eq!(parsed(channel, &once), Ok(once.clone()));
        }
    }
}
