use std::net::IpAddr;
use std::path::Path;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use url::Url;
use vendzz_schemas::campaign::Channel;

use super::SmtpTls;
use super::document::Place;

/// What stands between the scheme and what the protocol appends; without a slash at its end. Without TLS only to
/// this machine, since each call carries a secret.
pub(super) fn base_url(place: &Place<'_>) -> Option<String> {
    let Ok(url) = Url::parse(place.text()?) else {
        place.mistake("must be a URL");
        return None;
    };
    let has_more = !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some();
    if has_more {
        place.mistake("must have no user, query or fragment");
        return None;
    }
    match (url.scheme(), url.host_str()) {
        ("https", Some(_)) => {}
        ("http", Some(host)) if is_this_machine(host) => {}
        _ => {
            place.mistake("must be https, or http to this machine (localhost, 127.0.0.1, [::1])");
            return None;
        }
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

pub(super) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn host(place: &Place<'_>) -> Option<String> {
    let text = place.text()?;
    let is_name = text.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    if !is_name && text.parse::<IpAddr>().is_err() {
        place.mistake("must be a host name or an IP address");
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn port(place: &Place<'_>) -> Option<u16> {
    let port = u16::try_from(place.whole_number()?).unwrap_or(0);
    if port == 0 {
        place.mistake("must be a port, 1 to 65535");
        return None;
    }
    Some(port)
}

pub(super) fn tls(place: &Place<'_>) -> Option<SmtpTls> {
    match place.text()? {
        "starttls" => Some(SmtpTls::Starttls),
        "implicit" => Some(SmtpTls::Implicit),
        "none" => Some(SmtpTls::None),
        _ => {
            place.mistake("must be starttls, implicit or none");
            None
        }
    }
}

/// The PEM in the file that is named.
pub(super) fn ca(place: &Place<'_>, folder: &Path) -> Option<Vec<u8>> {
    let path = folder.join(place.text()?);
    let pem = match std::fs::read(&path) {
        Ok(pem) => pem,
        Err(error) => {
            place.mistake(&format!("{}: {error}", path.display()));
            return None;
        }
    };
    let holds_one = pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----");
    if !holds_one || Certificate::from_pem(&pem).is_err() {
        place.mistake(&format!("{}: is not a PEM of certificates", path.display()));
        return None;
    }
    Some(pem)
}

pub(super) fn channel(place: &Place<'_>, name: &str) -> Option<Channel> {
    let channel = Channel::from_wire(name);
    if channel.is_none() {
        place.mistake("must be sms, email, whatsapp or voice");
    }
    channel
}

/// A sender's address as its channel has it.
pub(super) fn address(place: &Place<'_>, channel: Channel) -> Option<String> {
    let text = place.text()?;
    let (is_right, wanted) = match channel {
        Channel::Sms => (
            is_e164(text) || is_short_code(text) || is_alphanumeric_sender(text),
            "must be a phone number as E.164, a short code, or an alphanumeric sender of up to 11 characters",
        ),
        Channel::Voice => (is_e164(text), "must be a phone number as E.164"),
        Channel::Whatsapp => {
            (is_digits(text, 1, 32), "must be the id of a WhatsApp number, which are digits")
        }
        Channel::Email => (
            text.parse::<Mailbox>().is_ok_and(|mailbox| mailbox.email.to_string().is_ascii()),
            "must be an e-mail address, with or without a name, of ASCII characters",
        ),
    };
    if !is_right {
        place.mistake(wanted);
        return None;
    }
    Some(text.to_owned())
}

/// The same for all spellings of one address.
pub(super) fn spelled_one_way(address: &str, channel: Channel) -> String {
    let mailbox = if channel == Channel::Email { address.parse::<Mailbox>().ok() } else { None };
    mailbox.map_or_else(|| address.to_lowercase(), |mailbox| mailbox.email.to_string().to_lowercase())
}

/// Plus sign and up to 15 digits, the first of which is not 0 (ITU-T E.164).
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| is_digits(digits, 2, 15) && !digits.starts_with('0'))
}

fn is_short_code(text: &str) -> bool {
    is_digits(text, 3, 8)
}

/// Letters, digits and spaces, one letter at least.
fn is_alphanumeric_sender(text: &str) -> bool {
    text.len() <= 11
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
