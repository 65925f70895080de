//! Twilio's Messages resource (<https://www.twilio.com/docs/messaging/api/message-resource>) and Call resource
//! (<https://www.twilio.com/docs/voice/api/call-resource>), API 2010-04-01.

mod answers;
mod say;

#[cfg(test)]
mod tests;

use std::time::Duration;

use form_urlencoded::Serializer;
use hyper::Uri;
use vendzz_schemas::campaign::Channel;

use super::http::{HttpClient, basic};
use super::settings::TwilioSettings;
use super::{Outcome, Outgoing, ProviderError};

/// Of a call's life: reports of `initiated` tell early that it was taken, `completed` comes for every end.
const CALL_EVENTS: [&str; 3] = ["initiated", "answered", "completed"];

#[derive(Debug)]
pub(super) struct Twilio {
    client: HttpClient,
    messages_url: Uri,
    calls_url: Uri,
}

impl Twilio {
    pub(super) fn new(settings: &TwilioSettings, timeout: Duration) -> Result<Self, ProviderError> {
        let account = format!("{}/2010-04-01/Accounts/{}", settings.base_url, settings.account_sid);
        let resource =
            |name: &str| Uri::try_from(format!("{account}/{name}")).map_err(|_| ProviderError::Url);
        Ok(Self {
            client: HttpClient::new(basic(&settings.account_sid, &settings.auth_token)?, timeout)?,
            messages_url: resource("Messages.json")?,
            calls_url: resource("Calls.json")?,
        })
    }

    pub(super) async fn send(&self, outgoing: &Outgoing) -> Outcome {
        let (url, form) = match Channel::from_wire(&outgoing.message.channel) {
            Some(Channel::Sms) => (&self.messages_url, message_form(outgoing)),
            Some(Channel::Voice) => (&self.calls_url, call_form(outgoing)),
            _ => return Outcome::Refused { reason: "wrong_channel", opted_out: false },
        };
        match self.client.post(url, "application/x-www-form-urlencoded", form.into_bytes()).await {
            Ok(answer) => {
                let outcome = answers::outcome(&answer);
                if !matches!(outcome, Outcome::Accepted { .. }) {
                    self.client.not_accepted(url, &answer, answers::code(&answer));
                }
                outcome
            }
            Err(outcome) => outcome,
        }
    }
}

fn message_form(outgoing: &Outgoing) -> String {
    let mut form = addressed(outgoing);
    form.append_pair("Body", &outgoing.message.body);
    if let Some(url) = &outgoing.report_url {
        form.append_pair("StatusCallback", url);
    }
    form.finish()
}

fn call_form(outgoing: &Outgoing) -> String {
    let mut form = addressed(outgoing);
    form.append_pair("Twiml", &say::twiml(&outgoing.message.language, &outgoing.message.body));
    if let Some(url) = &outgoing.report_url {
        form.append_pair("StatusCallback", url);
        for event in CALL_EVENTS {
            form.append_pair("StatusCallbackEvent", event);
        }
    }
    form.finish()
}

fn addressed(outgoing: &Outgoing) -> Serializer<'static, String> {
    let mut form = Serializer::new(String::new());
    form.append_pair("To", &outgoing.message.recipient).append_pair("From", &outgoing.from);
    form
}
