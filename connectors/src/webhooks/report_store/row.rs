use chrono::{DateTime, Utc};
use sqlx::types::Uuid;
use vendzz_schemas::events::CampaignDelivery;

use super::Told;
use crate::webhooks::report::{RankedReport, Standing, standing_after};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The message's state moved.
    Moved { to: &'static str },
    /// The highest report rose; the state is what it was.
    Noted,
    /// Nothing new.
    Repeated,
    /// Not in the ledger.
    UnknownMessage,
    /// In the ledger, of another account.
    OtherAccount,
    /// Of another provider, or under another reference than the one that is known.
    Mismatch,
    /// No provider can have it: it waits, is leased or was skipped.
    NeverSent,
}

impl Applied {
    pub fn word(self) -> &'static str {
        match self {
            Self::Moved { .. } => "moved",
            Self::Noted => "noted",
            Self::Repeated => "repeated",
            Self::UnknownMessage => "unknown_message",
            Self::OtherAccount => "other_account",
            Self::Mismatch => "mismatch",
            Self::NeverSent => "never_sent",
        }
    }
}

/// A row of the ledger that reports are folded into, one after the other.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) message_id: Uuid,
    account_id: String,
    pub(super) channel: String,
    quiz_id: String,
    response_id: Uuid,
    pub(super) campaign_id: String,
    revision: String,
    step_id: String,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) state_at: DateTime<Utc>,
    attempt: i32,
    pub(super) provider: Option<String>,
    pub(super) provider_ref: Option<String>,
    pub(super) report: Option<String>,
    pub(super) events: i16,
    /// `failed` by the provider's own answer, which has an event of that word; a failure by a report has none.
    #[sqlx(skip)]
    pub(super) is_refused: bool,
    #[sqlx(skip)]
    pub(super) is_changed: bool,
    #[sqlx(skip)]
    pub(super) told: Vec<CampaignDelivery>,
}

impl Row {
    /// Folds a report into the row as of `now`.
    pub(super) fn apply(&mut self, told: &Told, now: DateTime<Utc>) -> Applied {
        let Told { account, provider, report } = told;
        if self.account_id != *account {
            return Applied::OtherAccount;
        }
        let standing = self.standing();
        if standing == Standing::NeverSent {
            return Applied::NeverSent;
        }
        let differs = |known: &Option<String>, told: &str| known.as_ref().is_some_and(|known| known != told);
        let has_reference = !report.reference.is_empty();
        if differs(&self.provider, provider)
            || has_reference && differs(&self.provider_ref, &report.reference)
        {
            return Applied::Mismatch;
        }
        if has_reference && self.provider_ref.is_none() {
            self.provider_ref = Some(report.reference.clone());
            self.is_changed = true;
        }
        let former = self.report.as_deref().and_then(RankedReport::from_word);
        let highest = former.map_or(report.report, |former| former.max(report.report));
        let moves_to = standing_after(standing, highest);
        if former == Some(highest) && moves_to.is_none() {
            return Applied::Repeated;
        }
        self.is_changed = true;
        self.report = Some(highest.word().to_owned());
        self.provider.get_or_insert_with(|| provider.clone());
        self.events += 1;
        if let Some(to) = moves_to {
            self.state = to.to_owned();
            self.state_at = now;
            // Whoever fails has a reason; what a report has sent after all has none any more.
            self.reason = match to {
                "failed" if report.reason.is_empty() => Some("undelivered".to_owned()),
                "failed" => Some(report.reason.clone()),
                _ => None,
            };
        }
        self.told.push(self.event(highest, &report.reason, now));
        moves_to.map_or(Applied::Noted, |to| Applied::Moved { to })
    }

    fn standing(&self) -> Standing {
        match self.state.as_str() {
            "sending" | "unknown" => Standing::InTheAir,
            "sent" => Standing::Told { is_sent: true },
            "failed" if self.is_refused => Standing::Refused,
            "failed" => Standing::Told { is_sent: false },
            _ => Standing::NeverSent,
        }
    }

    fn event(&self, highest: RankedReport, reason: &str, now: DateTime<Utc>) -> CampaignDelivery {
        CampaignDelivery {
            message_id: self.message_id.to_string(),
            number: i32::from(self.events),
            account_id: self.account_id.clone(),
            quiz_id: self.quiz_id.clone(),
            response_id: self.response_id.to_string(),
            campaign_id: self.campaign_id.clone(),
            revision: self.revision.clone(),
            step_id: self.step_id.clone(),
            channel: self.channel.clone(),
            what: highest.word().to_owned(),
            reason: reason.to_owned(),
            provider: self.provider.clone().unwrap_or_default(),
            provider_ref: self.provider_ref.clone().unwrap_or_default(),
            attempt: self.attempt,
            happened_at: now.timestamp_millis(),
        }
    }
}
