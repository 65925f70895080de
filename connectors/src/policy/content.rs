//! What of a message's content a provider would refuse for certain.

use vendzz_schemas::campaign::{Channel, max_chars};
use vendzz_schemas::events::CampaignMessage;

use super::judge::SkipReason;

/// Twilio, Messages resource, `Body`: up to 1,600 characters.
const MAX_SMS_CHARS: usize = 1_600;
/// Meta, Cloud API, text messages: `body` of at most 4,096 characters.
const MAX_WHATSAPP_CHARS: usize = 4_096;
/// What is read aloud. Twilio takes TwiML of 4,000 characters in the `Twiml` parameter; this leaves room for
/// its markup and for what is escaped.
pub const MAX_VOICE_CHARS: usize = 3_000;

/// None when nothing speaks against it.
pub(super) fn refusal(channel: Channel, message: &CampaignMessage) -> Option<SkipReason> {
    match channel {
        Channel::Sms => of_text(&message.body, MAX_SMS_CHARS),
        Channel::Voice => of_text(&message.body, MAX_VOICE_CHARS),
        Channel::Whatsapp => match &message.provider_template {
            None => of_text(&message.body, MAX_WHATSAPP_CHARS),
            Some(template) if is_blank(&template.name) => Some(SkipReason::Empty),
            // Meta refuses a template's parameter without text.
            Some(template) if template.parameters.iter().any(|text| is_blank(text)) => {
                Some(SkipReason::Empty)
            }
            Some(template) => {
                let is_long = |text: &String| has_more_chars(text, max_chars::PARAMETER);
                template.parameters.iter().any(is_long).then_some(SkipReason::TooLong)
            }
        },
        Channel::Email => of_email(message),
    }
}

fn of_email(message: &CampaignMessage) -> Option<SkipReason> {
    // A line break would begin another header field (RFC 5322, section 2.2).
    if message.subject.contains(['\r', '\n']) {
        return Some(SkipReason::InvalidMessage);
    }
    if is_blank(&message.body) && is_blank(&message.html) {
        return Some(SkipReason::Empty);
    }
    let is_long = has_more_chars(&message.subject, max_chars::SUBJECT)
        || has_more_chars(&message.body, max_chars::EMAIL_TEXT)
        || has_more_chars(&message.html, max_chars::EMAIL_HTML);
    is_long.then_some(SkipReason::TooLong)
}

fn of_text(text: &str, max_chars: usize) -> Option<SkipReason> {
    if is_blank(text) {
        return Some(SkipReason::Empty);
    }
    has_more_chars(text, max_chars).then_some(SkipReason::TooLong)
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

fn has_more_chars(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}
