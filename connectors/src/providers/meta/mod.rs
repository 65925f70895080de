//! WhatsApp by Meta's Cloud API: `POST /{phone number id}/messages`
//! (<https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>).

mod answers;

#[cfg(test)]
mod tests;

use std::time::Duration;

use hyper::Uri;
use serde::Serialize;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::{CampaignMessage, ProviderTemplate};

use super::http::{HttpClient, bearer};
use super::settings::MetaSettings;
use super::{Outcome, Outgoing, ProviderError};

#[derive(Debug)]
pub(super) struct Meta {
    client: HttpClient,
    base_url: String,
}

#[derive(Serialize)]
struct SendMessage<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'a str,
    /// Comes back in each status of the message.
    biz_opaque_callback_data: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Content<'a> {
    /// Only in the 24 hours after the contact wrote.
    Text {
        text: Text<'a>,
    },
    Template {
        template: Template<'a>,
    },
}

#[derive(Serialize)]
struct Text<'a> {
    preview_url: bool,
    body: &'a str,
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
}

impl Meta {
    pub(super) fn new(settings: &MetaSettings, timeout: Duration) -> Result<Self, ProviderError> {
        Ok(Self {
            client: HttpClient::new(bearer(&settings.access_token)?, timeout)?,
            base_url: settings.base_url.clone(),
        })
    }

    pub(super) async fn send(&self, outgoing: &Outgoing) -> Outcome {
        if Channel::from_wire(&outgoing.message.channel) != Some(Channel::Whatsapp) {
            return Outcome::Refused { reason: "wrong_channel", opted_out: false };
        }
        let url = Uri::try_from(format!("{}/{}/messages", self.base_url, outgoing.from));
        let (Ok(url), Ok(body)) = (url, serde_json::to_vec(&send_message(&outgoing.message))) else {
            return Outcome::Refused { reason: "invalid_request", opted_out: false };
        };
        match self.client.post(&url, "application/json", body).await {
            Ok(answer) => {
                let outcome = answers::outcome(&answer);
                if !matches!(outcome, Outcome::Accepted { .. }) {
                    self.client.not_accepted(&url, &answer, answers::code(&answer));
                }
                outcome
            }
            Err(outcome) => outcome,
        }
    }
}

fn send_message(message: &CampaignMessage) -> SendMessage<'_> {
    let content = match &message.provider_template {
        Some(chosen) => Content::Template { template: template(chosen) },
        None => Content::Text { text: Text { preview_url: false, body: &message.body } },
    };
    SendMessage {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        // Digits only, country code first.
        to: message.recipient.trim_start_matches('+'),
        biz_opaque_callback_data: &message.message_id,
        content,
    }
}

fn template(chosen: &ProviderTemplate) -> Template<'_> {
    let parameters: Vec<_> = chosen.parameters.iter().map(|text| Parameter { kind: "text", text }).collect();
    let components =
        if parameters.is_empty() { Vec::new() } else { vec![Component { kind: "body", parameters }] };
    Template { name: &chosen.name, language: Language { code: &chosen.language }, components }
}
