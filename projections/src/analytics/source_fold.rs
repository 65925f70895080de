use vendzz_runtime::dedupe::DedupeWindow;
use vendzz_runtime::kernel::ResumePoint;

use super::rows::Rows;
use super::{Event, FunnelTotals, HourTotals, LogRecord, MinuteTotals, RowKey};

/// The fold of one source, without I/O. The caller reads from the store what [`SourceFold::missing`]
/// names, puts it, applies, and now and then writes what is dirty, the resume point last.
pub struct SourceFold {
    /// `None` for views: they are counted as they stand in the log.
    duplicates: Option<DedupeWindow>,
    hours: Rows<HourTotals>,
    minutes: Rows<MinuteTotals>,
    funnels: Rows<FunnelTotals>,
    through: Option<ResumePoint>,
    idempotency_key: Vec<u8>,
}

/// Rows that a batch needs and memory does not hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub hours: Vec<RowKey>,
    pub minutes: Vec<RowKey>,
    pub funnels: Vec<RowKey>,
}

/// What a batch came to, for the metrics.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub duplicates: u64,
    pub times_replaced: u64,
}

impl SourceFold {
    /// `resume` is the point that the store holds, `duplicates` the window of a topic that
    /// has resends.
    pub fn new(resume: Option<ResumePoint>, duplicates: Option<DedupeWindow>) -> Self {
        Self {
            duplicates,
            hours: Rows::new(),
            minutes: Rows::new(),
            funnels: Rows::new(),
            through: resume,
            idempotency_key: Vec::new(),
        }
    }

    /// Notes a record from before the resume point: it may make a later one a duplicate.
    pub fn read_back(&mut self, record: &LogRecord) {
        self.is_duplicate(record);
    }

    /// Rows that must be put before these records are applied.
    pub fn missing(&self, records: &[LogRecord]) -> Missing {
        let events = records.iter().filter_map(event_of);
        Missing {
            hours: self.hours.missing(events.clone()),
            minutes: self.minutes.missing(events.clone()),
            funnels: self.funnels.missing(events),
        }
    }

    /// Holds an hour's row as it stands in the store.
    pub fn put_hour(&mut self, key: RowKey, stored: Option<HourTotals>) {
        self.hours.put(key, stored);
    }

    /// Holds a minute's row as it stands in the store.
    pub fn put_minute(&mut self, key: RowKey, stored: Option<MinuteTotals>) {
        self.minutes.put(key, stored);
    }

    /// Holds a funnel's row as it stands in the store.
    pub fn put_funnel(&mut self, key: RowKey, stored: Option<FunnelTotals>) {
        self.funnels.put(key, stored);
    }

    /// Counts records in the order of their offsets; nothing is missing. It cannot fail, so a batch
    /// is applied whole or, when what came before failed, not at all.
    pub fn apply(&mut self, records: &[LogRecord], through: ResumePoint) -> Outcome {
        let mut outcome = Outcome::default();
        for record in records {
            if self.is_duplicate(record) {
                outcome.duplicates += 1;
                continue;
            }
            let Some(event) = event_of(record) else { continue };
            outcome.times_replaced += u64::from(event.time_replaced);
            self.hours.add(event);
            self.minutes.add(event);
            self.funnels.add(event);
        }
        self.through = Some(through);
        outcome
    }

    /// Up to where everything is applied, in memory at least.
    pub fn through(&self) -> Option<ResumePoint> {
        self.through
    }

    /// Hours that the store does not have yet.
    pub fn dirty_hours(&self) -> impl Iterator<Item = (&RowKey, &HourTotals)> {
        self.hours.dirty()
    }

    /// Minutes that the store does not have yet.
    pub fn dirty_minutes(&self) -> impl Iterator<Item = (&RowKey, &MinuteTotals)> {
        self.minutes.dirty()
    }

    /// Funnels that the store does not have yet.
    pub fn dirty_funnels(&self) -> impl Iterator<Item = (&RowKey, &FunnelTotals)> {
        self.funnels.dirty()
    }

    /// Rows that the store does not have yet.
    pub fn dirty_count(&self) -> usize {
        self.hours.dirty_count() + self.minutes.dirty_count() + self.funnels.dirty_count()
    }

    /// Rows in memory.
    pub fn held_count(&self) -> usize {
        self.hours.held_count() + self.minutes.held_count() + self.funnels.held_count()
    }

    /// The store acknowledged these rows, and nothing was applied since they were written.
    pub fn written(&mut self, hours: &[RowKey], minutes: &[RowKey], funnels: &[RowKey]) {
        self.hours.clean(hours);
        self.minutes.clean(minutes);
        self.funnels.clean(funnels);
    }

    /// Lets go of clean rows beyond `most` of each kind.
    pub fn evict(&mut self, most: usize) {
        self.hours.evict(most);
        self.minutes.evict(most);
        self.funnels.evict(most);
    }

    fn is_duplicate(&mut self, record: &LogRecord) -> bool {
        let Some(duplicates) = &mut self.duplicates else { return false };
        match record {
            LogRecord::SetAside { append_ms } => duplicates.pass(*append_ms),
            LogRecord::Event(event) if event.idempotency_key(&mut self.idempotency_key) => {
                return duplicates.observe(&self.idempotency_key, event.append_ms);
            }
            LogRecord::Event(event) => duplicates.pass(event.append_ms),
        }
        false
    }
}

fn event_of(record: &LogRecord) -> Option<&Event> {
    match record {
        LogRecord::Event(event) => Some(event),
        LogRecord::SetAside { .. } => None,
    }
}
