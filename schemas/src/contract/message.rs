use chrono::{DateTime, Utc};
use uuid::{Uuid, Variant};

use super::{BAD_RESPONSE, NUL, Violation, check_quiz_and_account, moment};
use crate::campaign::Channel;
use crate::events::CampaignMessage;
use crate::ids::{TimedId, check_name};

/// Longest time after `due_at` that a message may say: a year.
pub const MAX_LATE_MS: i64 = 366 * 24 * 3_600_000;

const BAD_MESSAGE: Violation = Violation { reason: "bad_id", detail: "the message's id is not a UUIDv8" };
const BAD_CAMPAIGN: Violation =
    Violation { reason: "bad_id", detail: "the campaign's or the step's id is malformed" };
const BAD_CHANNEL: Violation = Violation { reason: "bad_channel", detail: "the channel is none" };
const BAD_LATE: Violation =
    Violation { reason: "bad_time", detail: "how late it may be is less than nothing or more than a year" };
const BAD_QUIET_HOURS: Violation =
    Violation { reason: "bad_quiet_hours", detail: "a minute of the quiet hours lies in no day" };
const BAD_CAP: Violation = Violation { reason: "bad_cap", detail: "the frequency cap allows nothing" };

/// What a message that keeps the contract says, read.
#[derive(Debug, Clone, Copy)]
pub struct MessageIds {
    pub message: Uuid,
    pub response: TimedId,
    pub unless_sent: Option<Uuid>,
    pub channel: Channel,
    pub due_at: DateTime<Utc>,
    /// The earliest moment at which it may be late: quiet hours not looked at.
    pub late_from: DateTime<Utc>,
}

pub fn check_message(message: &CampaignMessage) -> Result<MessageIds, Violation> {
    check_quiz_and_account(&message.quiz_id, &message.account_id)?;
    check_name(&message.campaign_id).map_err(|_| BAD_CAMPAIGN)?;
    check_name(&message.step_id).map_err(|_| BAD_CAMPAIGN)?;
    let channel = Channel::from_wire(&message.channel).ok_or(BAD_CHANNEL)?;
    if !(0..=MAX_LATE_MS).contains(&message.max_late_ms) {
        return Err(BAD_LATE);
    }
    if let Some(quiet) = &message.quiet_hours
        && ![quiet.from_minute, quiet.to_minute].iter().all(|minute| (0..1_440).contains(minute))
    {
        return Err(BAD_QUIET_HOURS);
    }
    if message.frequency_cap.is_some_and(|cap| cap.messages < 1 || cap.period_ms < 1) {
        return Err(BAD_CAP);
    }
    let texts = [
        &message.recipient,
        &message.recipient_name,
        &message.language,
        &message.subject,
        &message.body,
        &message.html,
        &message.sender_pool,
        &message.revision,
        &message.trigger,
    ];
    let template = message
        .provider_template
        .iter()
        .flat_map(|template| template.parameters.iter().chain([&template.name, &template.language]));
    if texts.into_iter().chain(template).any(|text| text.contains('\0')) {
        return Err(NUL);
    }
    Ok(MessageIds {
        message: message_id(&message.message_id)?,
        response: TimedId::parse(&message.response_id).map_err(|_| BAD_RESPONSE)?,
        unless_sent: message.unless_sent.as_deref().map(message_id).transpose()?,
        channel,
        due_at: moment(message.due_at)?,
        late_from: moment(message.due_at.saturating_add(message.max_late_ms))?,
    })
}

fn message_id(text: &str) -> Result<Uuid, Violation> {
    let uuid = Uuid::try_parse(text).map_err(|_| BAD_MESSAGE)?;
    if text.len() != 36 || uuid.get_variant() != Variant::RFC4122 || uuid.get_version_num() != 8 {
        return Err(BAD_MESSAGE);
    }
    Ok(uuid)
}
