//! Whether a recipient can be written to at all.

use rlibphonenumber::Region;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::elements::checks::email::parse_email;
use vendzz_schemas::elements::checks::phone::parse_phone;

/// A number in E.164 form that numbering plans give out, or an e-mail address by its syntax. Nothing is mended
/// here: what is not in its normal form is nobody.
pub fn is_reachable(channel: Channel, recipient: &str) -> bool {
    match channel {
        Channel::Email => {
            recipient.trim() == recipient
                && !recipient.chars().any(char::is_control)
                && parse_email(recipient).is_some()
        }
        // A number in international form is read the same whatever the country; in E.164 it stays as it is.
        Channel::Sms | Channel::Whatsapp | Channel::Voice => {
            parse_phone(recipient, Region::BR).is_some_and(|number| number == recipient)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_e164_and_given_out() {
        for channel in [Channel::Sms, Channel::Whatsapp, Channel::Voice] {
            for good in ["+5511987654321", "+551131234567", "+351912345678", "+16502530000"] {
                assert!(is_reachable(channel, good), "{good}");
            }
            let bad = [
                "",
                "+",
                "5511987654321",
                "11987654321",
                "+55 11 98765-4321",
                "+5511987654321 ",
                "+551187654321",
                "+5520987654321",
                "+99911987654321",
                "+5511987654321\r\nX: y",
                "ana@exemplo.com",
                "whatsapp:+5511987654321",
            ];
            for bad in bad {
                assert!(!is_reachable(channel, bad), "{bad}");
            }
        }
    }

    #[test]
    fn addresses_by_their_syntax() {
        for good in ["ana@exemplo.com.br", "Ana.Souza+quiz@exemplo.com", "joão@exemplo.com"] {
            assert!(is_reachable(Channel::Email, good), "{good}");
        }
        for bad in ["", "ana", " ana@exemplo.com", "ana@exemplo.com\r\nBcc: x@y.com", "+5511987654321"] {
            assert!(!is_reachable(Channel::Email, bad), "{bad}");
        }
    }
}
