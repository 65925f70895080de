//! What a provider is given, for tests.

use vendzz_schemas::campaign::Channel;

use super::Outgoing;
use crate::sample_message::{MESSAGE_ID, sample_message};

pub(super) fn outgoing(channel: Channel) -> Outgoing {
    let from = match channel {
        Channel::Email => "Escola Norte <oi@escola.example>",
        Channel::Whatsapp => "106540352242922",
        Channel::Sms | Channel::Voice => "+551140000001",
    };
    Outgoing {
        message: sample_message(channel),
        from: from.to_owned(),
        report_url: Some(format!("https://vendzz.example/webhooks/a/p/report?message={MESSAGE_ID}")),
        unsubscribe_url: None,
    }
}
