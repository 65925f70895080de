use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use uuid::Uuid;

use super::plain_text::plain_text;
use crate::providers::Outgoing;

/// A mail as it goes over the wire.
pub(super) struct Mail {
    pub(super) from: Address,
    pub(super) to: Address,
    /// Headers and body, ASCII, lines of at most 998 bytes ended by CR LF; dots are not yet doubled.
    pub(super) bytes: Vec<u8>,
    /// Without the angle brackets.
    pub(super) message_id: String,
}

/// RFC 5322, 2.1.1: 998 characters a line, less the header's name and the brackets.
const LONGEST_URL: usize = 900;

const LIST_UNSUBSCRIBE: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe");
const LIST_UNSUBSCRIBE_POST: HeaderName = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");

/// The mail, or why there can be none; a bounded word.
pub(super) fn mail(outgoing: &Outgoing) -> Result<Mail, &'static str> {
    let message = &outgoing.message;
    let from: Mailbox = outgoing.from.parse().map_err(|_| "invalid_sender")?;
    let to: Address = message.recipient.parse().map_err(|_| "invalid_recipient")?;
    let (sender, recipient) = (from.email.clone(), to.clone());
    // SMTPUTF8 (RFC 6531) is not spoken.
    if !AsRef::<str>::as_ref(&recipient).is_ascii() {
        return Err("invalid_recipient");
    }
    let id: Uuid = message.message_id.parse().map_err(|_| "invalid_request")?;
    let message_id = format!("{id}@{}", sender.domain());
    let name = one_line(&message.recipient_name);
    let mut builder = Message::builder()
        .message_id(Some(format!("<{message_id}>")))
        .date_now()
        .from(from)
        .to(Mailbox::new((!name.is_empty()).then_some(name), to))
        .subject(one_line(&message.subject));
    if let Some(url) = &outgoing.unsubscribe_url {
        builder = builder
            .raw_header(list_unsubscribe(url)?)
            .raw_header(HeaderValue::new(LIST_UNSUBSCRIBE_POST, "List-Unsubscribe=One-Click".to_owned()));
    }
    let html = message.html.clone();
    // A campaign may have written no text beside its HTML.
    let text = if message.body.is_empty() { plain_text(&html) } else { message.body.clone() };
    let built = match (text.is_empty(), html.is_empty()) {
        (_, true) => builder.singlepart(SinglePart::plain(text)),
        (true, false) => builder.singlepart(SinglePart::html(html)),
        (false, false) => builder.multipart(MultiPart::alternative_plain_html(text, html)),
    };
    let bytes = built.map_err(|_| "invalid_request")?.formatted();
    Ok(Mail { from: sender, to: recipient, bytes, message_id })
}

/// RFC 8058, 3.1: one https address in angle brackets. It is not folded, since a fold within an address is no longer
/// that address.
fn list_unsubscribe(url: &str) -> Result<HeaderValue, &'static str> {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    if !is_plain || url.is_empty() || url.len() > LONGEST_URL {
        return Err("invalid_request");
    }
    let value = format!("<{url}>");
    Ok(HeaderValue::dangerous_new_pre_encoded(LIST_UNSUBSCRIBE, value.clone(), value))
}

/// What comes from a form may have anything in it; a header has one line.
fn one_line(text: &str) -> String {
    let spaced: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    spaced.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use vendzz_schemas::campaign::Channel;

    use super::*;
    use crate::providers::samples::outgoing;
    use crate::sample_message::MESSAGE_ID;

    fn text(outgoing: &Outgoing) -> String {
        let bytes = mail(outgoing).unwrap_or_else(|reason| panic!("{reason}")).bytes;
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{text}");
        text
    }

    /// The header as one line, with its folds undone.
    fn header(text: &str, name: &str) -> Option<String> {
        let head = text.split("\r\n\r\n").next()?.replace("\r\n ", " ").replace("\r\n\t", " ");
        let prefix = format!("{name}: ");
        let found: Vec<_> = head.split("\r\n").filter_map(|line| line.strip_prefix(&prefix)).collect();
        assert!(found.len() < 2, "{name} stands twice");
        found.first().map(|value| (*value).to_owned())
    }

    #[test]
    fn a_mail_has_its_headers_and_both_parts() {
        let mut outgoing = outgoing(Channel::Email);
        let url = format!("https://vendzz.example/unsubscribe/{}", "t".repeat(300));
        outgoing.unsubscribe_url = Some(url.clone());
        outgoing.message.html = "<p>Olá, Ana!</p>".to_owned();
        let built = mail(&outgoing).unwrap_or_else(|reason| panic!("{reason}"));
        assert_eq!(built.message_id, format!("{MESSAGE_ID}@escola.example"));
        assert_eq!(
            (built.from.to_string(), built.to.to_string()),
            ("oi@escola.example".into(), "ana@ok.example".into())
        );
        let text = text(&outgoing);
        let header = |name| header(&text, name).unwrap_or_default();
        assert_eq!(header("Message-ID"), format!("<{MESSAGE_ID}@escola.example>"));
        assert_eq!(header("From"), "\"Escola Norte\" <oi@escola.example>");
        // RFC 2047; base64 of "Ana Conceição".
        assert_eq!(header("To"), "=?utf-8?b?QW5hIENvbmNlacOnw6Nv?= <ana@ok.example>");
        assert!(header("Subject").contains("=?utf-8?b?"), "{}", header("Subject"));
        assert!(chrono::DateTime::parse_from_rfc2822(&header("Date")).is_ok(), "{}", header("Date"));
        assert_eq!(header("List-Unsubscribe"), format!("<{url}>"));
        assert!(
            text.contains(&format!("\r\nList-Unsubscribe: <{url}>\r\n")),
            "an address must not be folded"
        );
        assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(header("Content-Type").starts_with("multipart/alternative; boundary="));
        let plain = text.find("Content-Type: text/plain; charset=utf-8").unwrap();
        let html = text.find("Content-Type: text/html; charset=utf-8").unwrap();
        assert!(plain < html, "the last alternative is the preferred one (RFC 2046, 5.1.4)");
    }

    #[test]
    fn html_alone_gets_the_text_that_it_says() {
        let mut changed = outgoing(Channel::Email);
        changed.message.body = String::new();
        changed.message.html = "<p>Turma <b>nova</b></p><p>Vagas: 3</p>".to_owned();
        let mail = text(&changed);
        assert!(header(&mail, "Content-Type").unwrap().starts_with("multipart/alternative; boundary="));
        assert!(mail.contains("Turma nova\r\n\r\nVagas: 3\r\n"), "{mail}");
        assert!(mail.contains("<p>Turma <b>nova</b></p>"), "{mail}");
        // An empty part would be all that a reader of text gets to see.
        changed.message.html = "<img src=\"https://escola.example/a.png\">".to_owned();
        assert_eq!(header(&text(&changed), "Content-Type").unwrap(), "text/html; charset=utf-8");
    }

    #[test]
    fn without_html_there_is_only_text() {
        let text = text(&outgoing(Channel::Email));
        assert_eq!(header(&text, "Content-Type").unwrap(), "text/plain; charset=utf-8");
        assert_eq!(header(&text, "List-Unsubscribe"), None);
    }

    #[test]
    fn nothing_can_put_a_header_into_a_mail() {
        let evil = "x\r\nBcc: eva@evil.example\r\n\r\nanother body\n.\r\nMAIL FROM:<a@b>\u{0}\u{85}";
        let mut changed = outgoing(Channel::Email);
        changed.message.recipient_name = evil.to_owned();
        changed.message.subject = evil.to_owned();
        let text = text(&changed);
        let head = text.split("\r\n\r\n").next().unwrap();
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name)
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            [
                "Content-Transfer-Encoding",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "To"
            ]
        );
        assert_eq!(text.matches("\r\nBcc").count(), 0);

        type Change = fn(&mut Outgoing, &str);
        let changes: [(Change, &str); 4] = [
            (
                |outgoing, evil| outgoing.message.recipient = format!("ana@ok.example{evil}"),
                "invalid_recipient",
            ),
            (|outgoing, evil| outgoing.from = format!("oi@escola.example{evil}"), "invalid_sender"),
            (|outgoing, evil| outgoing.message.message_id = evil.to_owned(), "invalid_request"),
            (
                |outgoing, evil| outgoing.unsubscribe_url = Some(format!("https://v.example/{evil}")),
                "invalid_request",
            ),
        ];
        for (change, reason) in changes {
            for evil in [evil, "\r\nBcc: eva@evil.example", "\nx", ">, <mailto:x@y.example"] {
                let mut changed = outgoing(Channel::Email);
                change(&mut changed, evil);
                assert_eq!(mail(&changed).err(), Some(reason), "{evil:?}");
            }
        }
    }

    #[test]
    fn long_lines_and_other_scripts_fit_into_a_mail() {
        let mut changed = outgoing(Channel::Email);
        changed.message.recipient_name = "名前 ".repeat(60);
        changed.message.subject = "á".repeat(400);
        changed.message.body =
            format!("{}\n{}\r\n.\r\n{}", "x".repeat(5000), "ção".repeat(3000), "\u{0}\u{7f}\r");
        changed.message.html = "<p>".repeat(4000);
        text(&changed);
        changed.message.recipient = "josé@ok.example".to_owned();
        assert_eq!(mail(&changed).err(), Some("invalid_recipient"));
    }
}
