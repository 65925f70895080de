use std::time::Duration;

use vendzz_schemas::events::CampaignMessage;

/// One message as a provider is told of it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub message: CampaignMessage,
    /// The sender's address at the provider: E.164, an e-mail address with or without a name, or the id of a
    /// WhatsApp number.
    pub from: String,
    /// Where the provider is to report, with the message's id in it; none for e-mail.
    pub report_url: Option<String>,
    /// RFC 8058; of an e-mail.
    pub unsubscribe_url: Option<String>,
}

/// What a call to a provider came to. Only [`Outcome::NotTaken`] may ever be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it.
    Accepted {
        /// The provider's name for it.
        reference: String,
    },
    /// Certainly not taken; may be taken later, or by another provider.
    NotTaken(NotTaken),
    /// Certainly not taken, and never will be.
    Refused {
        /// A bounded word, e.g. `invalid_recipient`.
        reason: &'static str,
        /// The provider itself says that this contact has opted out: suppress it.
        opted_out: bool,
    },
    /// Taken or not, nobody can say.
    Unknown {
        /// A bounded word, e.g. `timeout`, `connection_cut`, `server_error`.
        reason: &'static str,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// A bounded word, e.g. `connect`, `rate_limited`, `credentials`, `greylisted`.
    pub reason: &'static str,
    /// As the provider asks (`Retry-After`).
    pub retry_after: Option<Duration>,
    pub kind: NotTakenKind,
}

/// Of what a message that was not taken is a sign: it decides who is called next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTakenKind {
    /// The provider is well: it is too early for this message, or for its recipient.
    Later,
    /// The provider is well: this sender has sent enough for now.
    Limit,
    /// Nothing is taken from this sender; another one may do.
    Sender,
    /// Nothing is taken at all: the provider is away, or does not let the account in.
    Away,
    /// Nobody was called.
    NotCalled,
}
