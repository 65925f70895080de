use scylla::{DeserializeValue, SerializeValue};

use super::calendar::{hour_of, minute_of};
use super::{Breakdown, Event, EventKind};

/// The one cell of a row: what the records of one source up to `last_offset` add up to.
pub trait Totals: Clone + Send + Sync + 'static {
    /// Of nothing yet.
    fn empty() -> Self;
    /// Offset of the last record counted; -1 before the first.
    fn last_offset(&self) -> i64;
    /// First millisecond of the row in which an event of that moment counts; both in milliseconds
    /// since 1970 (UTC).
    fn start_of(at_ms: i64) -> i64;
    /// Whether an event counts in rows of this kind at all.
    fn counts(event: &Event) -> bool;
    /// Counts an event that counts here and whose offset lies beyond `last_offset`.
    fn add(&mut self, event: &Event);
}

/// A quiz's hour in one source.
///
/// `views` are all views that stand in the log, `bot_views` those of them with the verdict `bot`.
/// `submissions` and `bots` exclude each other: responses = submissions + bots. A breakdown counts
/// what its source brings: all views of a view topic's partition, and the submissions (without
/// bots) of a submission topic's.
#[derive(Debug, Clone, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct HourTotals {
    pub last_offset: i64,
    pub views: i64,
    pub bot_views: i64,
    pub submissions: i64,
    pub bots: i64,
    pub device: Breakdown,
    pub country: Breakdown,
    pub utm_source: Breakdown,
    pub utm_medium: Breakdown,
    pub utm_campaign: Breakdown,
}

/// A quiz's minute in one source: totals alone, as in [`HourTotals`].
#[derive(Debug, Clone, PartialEq, Eq, SerializeValue, DeserializeValue)]
#[scylla(flavor = "enforce_order")]
pub struct MinuteTotals {
    pub last_offset: i64,
    pub views: i64,
    pub bot_views: i64,
    pub submissions: i64,
    pub bots: i64,
}

impl Totals for HourTotals {
    fn empty() -> Self {
        Self {
            last_offset: -1,
            views: 0,
            bot_views: 0,
            submissions: 0,
            bots: 0,
            device: Breakdown::default(),
            country: Breakdown::default(),
            utm_source: Breakdown::default(),
            utm_medium: Breakdown::default(),
            utm_campaign: Breakdown::default(),
        }
    }

    fn last_offset(&self) -> i64 {
        self.last_offset
    }

    fn start_of(at_ms: i64) -> i64 {
        hour_of(at_ms)
    }

    fn counts(event: &Event) -> bool {
        !matches!(event.kind, EventKind::Progress { .. })
    }

    fn add(&mut self, event: &Event) {
        self.last_offset = event.offset;
        match event.kind {
            EventKind::View { bot } => {
                self.views += 1;
                self.bot_views += i64::from(bot);
            }
            EventKind::Progress { .. } => return,
            EventKind::Submission { bot: true, .. } => {
                self.bots += 1;
                return;
            }
            EventKind::Submission { bot: false, .. } => self.submissions += 1,
        }
        self.device.add(&event.device);
        self.country.add(&event.country);
        self.utm_source.add(&event.utm.source);
        self.utm_medium.add(&event.utm.medium);
        self.utm_campaign.add(&event.utm.campaign);
    }
}

impl Totals for MinuteTotals {
    fn empty() -> Self {
        Self { last_offset: -1, views: 0, bot_views: 0, submissions: 0, bots: 0 }
    }

    fn last_offset(&self) -> i64 {
        self.last_offset
    }

    fn start_of(at_ms: i64) -> i64 {
        minute_of(at_ms)
    }

    fn counts(event: &Event) -> bool {
        !matches!(event.kind, EventKind::Progress { .. })
    }

    fn add(&mut self, event: &Event) {
        self.last_offset = event.offset;
        match event.kind {
            EventKind::View { bot } => {
                self.views += 1;
                self.bot_views += i64::from(bot);
            }
            EventKind::Progress { .. } => {}
            EventKind::Submission { bot: true, .. } => self.bots += 1,
            EventKind::Submission { bot: false, .. } => self.submissions += 1,
        }
    }
}
