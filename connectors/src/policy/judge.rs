use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use super::frequency::{CapVerdict, after_pair_interval, within_cap};
use super::late::Lateness;
use super::quiet_hours::QuietSchedule;
use super::{content, recipient, time_zone};

/// No campaign lets a message be later than a week; lateness is counted day by day, so there must be an end.
const MAX_LATE: TimeDelta = TimeDelta::days(366);

/// What is said about one message at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Send,
    /// Never.
    Skip {
        reason: SkipReason,
    },
    /// Not before `until`, which is later than now; then it is judged again.
    Wait {
        until: DateTime<Utc>,
        reason: WaitReason,
    },
}

/// Why a message is never sent; bounded words for events and tallies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SkipReason {
    Late,
    CampaignEnded,
    /// The respondent finished, and this was for who left.
    Finished,
    /// The message of the same step that an abandonment made was sent.
    AlreadySaid,
    Suppressed,
    ConsentWithdrawn,
    NoConsent,
    InvalidRecipient,
    Empty,
    TooLong,
    /// Its own fields are what no campaign makes: hours beyond the day, a line break in a subject.
    InvalidMessage,
    FrequencyCap,
}

impl SkipReason {
    pub const ALL: [Self; 12] = [
        Self::Late,
        Self::CampaignEnded,
        Self::Finished,
        Self::AlreadySaid,
        Self::Suppressed,
        Self::ConsentWithdrawn,
        Self::NoConsent,
        Self::InvalidRecipient,
        Self::Empty,
        Self::TooLong,
        Self::InvalidMessage,
        Self::FrequencyCap,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::CampaignEnded => "campaign_ended",
            Self::Finished => "finished",
            Self::AlreadySaid => "already_said",
            Self::Suppressed => "suppressed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::NoConsent => "no_consent",
            Self::InvalidRecipient => "invalid_recipient",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::InvalidMessage => "invalid_message",
            Self::FrequencyCap => "frequency_cap",
        }
    }
}

/// Why a message waits; bounded words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitReason {
    FrequencyCap,
    QuietHours,
    PairRate,
}

impl WaitReason {
    pub fn name(self) -> &'static str {
        match self {
            Self::FrequencyCap => "frequency_cap",
            Self::QuietHours => "quiet_hours",
            Self::PairRate => "pair_rate",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Granted,
    Withdrawn,
}

/// What is known about a message besides itself, read in the transaction that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    pub suppressed: bool,
    /// None when nothing was ever said.
    pub consent: Option<Consent>,
    /// The account sends on this channel only to who has consented.
    pub consent_required: bool,
    /// (quiz_id, response_id) stands among the submissions.
    pub finished: bool,
    /// The message named by `unless_sent` was sent, or may have been.
    pub earlier_was_sent: bool,
    pub campaign_ended: bool,
    /// When this recipient was written to on this channel by this account: as many of the newest as any cap
    /// counts, in any order.
    pub recent: &'a [DateTime<Utc>],
    pub account_time_zone: Tz,
}

/// The ordered checks before a send. The first that speaks against it is the answer.
pub fn judge(message: &CampaignMessage, facts: &Facts<'_>, now: DateTime<Utc>) -> Verdict {
    let Some(timing) = Timing::of(message, facts.account_time_zone) else {
        return Verdict::Skip { reason: SkipReason::InvalidMessage };
    };
    if let Some(reason) = not_wanted(message, facts, timing.lateness.is_late(now)) {
        return Verdict::Skip { reason };
    }
    if !recipient::is_reachable(timing.channel, &message.recipient) {
        return Verdict::Skip { reason: SkipReason::InvalidRecipient };
    }
    if let Some(reason) = content::refusal(timing.channel, message) {
        return Verdict::Skip { reason };
    }
    if let Some(verdict) = over_the_cap(message, facts, &timing, now) {
        return verdict;
    }
    if let Some(quiet) = timing.quiet
        && quiet.is_quiet(now)
    {
        return Verdict::Wait { until: quiet.next_allowed(now), reason: WaitReason::QuietHours };
    }
    if timing.channel == Channel::Whatsapp
        && let Some(until) = after_pair_interval(facts.recent, now)
    {
        return Verdict::Wait { until, reason: WaitReason::PairRate };
    }
    Verdict::Send
}

/// What of a message must be readable before anything can be said about it.
struct Timing {
    channel: Channel,
    quiet: Option<QuietSchedule>,
    lateness: Lateness,
}

impl Timing {
    fn of(message: &CampaignMessage, account_time_zone: Tz) -> Option<Self> {
        let channel = Channel::from_wire(&message.channel)?;
        let zone = time_zone::of_recipient(channel, &message.recipient, account_time_zone);
        let quiet = match message.quiet_hours {
            None => None,
            Some(hours) => QuietSchedule::new(hours, zone).ok()?,
        };
        let due_at = DateTime::from_timestamp_millis(message.due_at)?;
        let max_late = TimeDelta::try_milliseconds(message.max_late_ms)?;
        if max_late > MAX_LATE {
            return None;
        }
        Some(Self { channel, quiet, lateness: Lateness::new(due_at, max_late, quiet) })
    }
}

fn not_wanted(message: &CampaignMessage, facts: &Facts<'_>, is_late: bool) -> Option<SkipReason> {
    if is_late {
        return Some(SkipReason::Late);
    }
    if facts.campaign_ended {
        return Some(SkipReason::CampaignEnded);
    }
    if message.unless_finished && facts.finished {
        return Some(SkipReason::Finished);
    }
    if message.unless_sent.is_some() && facts.earlier_was_sent {
        return Some(SkipReason::AlreadySaid);
    }
    if facts.suppressed {
        return Some(SkipReason::Suppressed);
    }
    match facts.consent {
        Some(Consent::Withdrawn) => Some(SkipReason::ConsentWithdrawn),
        None if facts.consent_required => Some(SkipReason::NoConsent),
        _ => None,
    }
}

/// Over its cap a message waits until it would be within it, unless it will be late by then.
fn over_the_cap(
    message: &CampaignMessage,
    facts: &Facts<'_>,
    timing: &Timing,
    now: DateTime<Utc>,
) -> Option<Verdict> {
    let cap = message.frequency_cap?;
    match within_cap(cap, facts.recent, now) {
        CapVerdict::Within => None,
        CapVerdict::From(until) if !timing.lateness.is_late(until) => {
            Some(Verdict::Wait { until, reason: WaitReason::FrequencyCap })
        }
        CapVerdict::From(_) | CapVerdict::Never => Some(Verdict::Skip { reason: SkipReason::FrequencyCap }),
    }
}
