use crate::providers::Outcome;
use crate::providers::meaning::Meaning;

use Meaning::{Away, Later, Refused};

/// How far a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// TCP, TLS of RFC 8314, the greeting, EHLO.
    Connect,
    Starttls,
    Auth,
    Mail,
    Recipient,
    Data,
    /// From the first byte of the mail to the answer to its final dot.
    Content,
}

/// What a reply that is not the wished one says of the mail: RFC 5321 (4.2.1 to 4.2.3, 4.3.2), RFC 3207, RFC 4954 (6).
/// A 4yz reply is "the command was not accepted, and the requested action did not occur", to be tried again; a 5yz
/// reply the same, not to be tried again. Of [`Step::Content`] only those two say that the mail was not taken.
pub(super) fn meaning(step: Step, code: u16) -> Option<Meaning> {
    let meaning = match (step, code) {
        // Service not available, closing transmission channel: the answer to any command.
        (_, 421) => Away("closing"),
        // 554 No SMTP service here, and whatever else a greeting can be.
        (Step::Connect, _) => Away("connect"),
        // 454 TLS not available.
        (Step::Starttls, _) => Away("tls"),
        // 454 Temporary authentication failure; 432 Password transition.
        (Step::Auth, 400..=499) => Away("auth_unavailable"),
        // 535 Credentials invalid, 534 Mechanism too weak, 538 Encryption required, and any other.
        (Step::Auth, _) => Away("credentials"),
        // 530 Authentication required: by every command but those before it.
        (Step::Mail | Step::Recipient | Step::Data, 530 | 535 | 538) => Away("credentials"),
        // Syntax error, not implemented, bad sequence: about the command, not about the mail.
        (Step::Mail | Step::Recipient | Step::Data, 500 | 502..=504) => Away("protocol"),
        // 451 Local error, 452 Insufficient system storage, 450: no recipient is known yet.
        (Step::Mail, 400..=499) => Away("server_busy"),
        // 552 Exceeded storage allocation: the mail's size.
        (Step::Mail, 552) => Refused("too_long"),
        // 550, 553: of the sender's address.
        (Step::Mail, 500..=599) => Refused("sender_refused"),
        // 450 Mailbox busy, or greylisted (RFC 6647); 451; 452.
        (Step::Recipient, 400..=499) => Later("deferred"),
        // 552: of the mailbox.
        (Step::Recipient, 552) => Refused("mailbox_full"),
        // 550 No such mailbox, 551 Not local, 553 Name not allowed, 501 Bad syntax.
        (Step::Recipient, 501 | 550 | 551 | 553) => Refused("invalid_recipient"),
        (Step::Recipient | Step::Data, 500..=599) => Refused("refused"),
        (Step::Data, 400..=499) => Later("deferred"),
        (Step::Content, 400..=499) => Later("deferred"),
        (Step::Content, 552) => Refused("too_long"),
        (Step::Content, 500..=599) => Refused("content_refused"),
        // A reply that this command does not have: before the mail's bytes it was not taken, after them who knows.
        (Step::Content, _) => return None,
        (Step::Mail | Step::Recipient | Step::Data, _) => Away("protocol"),
    };
    Some(meaning)
}

/// Without a reply: the connection failed, or what came was none.
pub(super) fn outcome(step: Step, code: Option<u16>) -> Outcome {
    match (step, code.and_then(|code| meaning(step, code))) {
        (_, Some(meaning)) => meaning.outcome(None),
        (Step::Content, None) if code.is_some() => Outcome::Unknown { reason: "answer_not_understood" },
        (Step::Content, None) => Outcome::Unknown { reason: "connection_cut" },
        (Step::Starttls, None) => Away("tls").outcome(None),
        // AUTH is not offered, or only by mechanisms that are not spoken.
        (Step::Auth, None) => Away("credentials").outcome(None),
        (_, None) => Away("connect").outcome(None),
    }
}
