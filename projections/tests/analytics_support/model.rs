//! What a log folds to, said as plainly as possible and without regard to speed. It shares nothing
//! with the fold but the types.

use std::collections::BTreeMap;

use vendzz_projections::analytics::{Breakdown, Event, EventKind, HourTotals, LogRecord, MinuteTotals};

use super::WINDOW;
use super::log::append_ms;

pub(crate) type Rows<T> = BTreeMap<(String, i64), T>;

pub(crate) fn hours(log: &[LogRecord]) -> Rows<HourTotals> {
    let mut rows = Rows::new();
    for (key, events) in by_quiz_and(log, 3_600_000) {
        let shown: Vec<&Event> = events.iter().copied().filter(|event| !is_bot_submission(event)).collect();
        let breakdown = |value: fn(&Event) -> &String| {
            breakdown(shown.iter().map(|event| value(event).as_str()).collect())
        };
        rows.insert(
            key,
            HourTotals {
                last_offset: events.iter().map(|event| event.offset).max().unwrap(),
                views: count(&events, |kind| matches!(kind, EventKind::View { .. })),
                bot_views: count(&events, |kind| matches!(kind, EventKind::View { bot: true })),
                submissions: count(&events, |kind| matches!(kind, EventKind::Submission { bot: false, .. })),
                bots: count(&events, |kind| matches!(kind, EventKind::Submission { bot: true, .. })),
                device: breakdown(|event| &event.device),
                country: breakdown(|event| &event.country),
                utm_source: breakdown(|event| &event.utm.source),
                utm_medium: breakdown(|event| &event.utm.medium),
                utm_campaign: breakdown(|event| &event.utm.campaign),
            },
        );
    }
    rows
}

pub(crate) fn minutes(log: &[LogRecord]) -> Rows<MinuteTotals> {
    let mut rows = Rows::new();
    for (key, events) in by_quiz_and(log, 60_000) {
        rows.insert(
            key,
            MinuteTotals {
                last_offset: events.iter().map(|event| event.offset).max().unwrap(),
                views: count(&events, |kind| matches!(kind, EventKind::View { .. })),
                bot_views: count(&events, |kind| matches!(kind, EventKind::View { bot: true })),
                submissions: count(&events, |kind| matches!(kind, EventKind::Submission { bot: false, .. })),
                bots: count(&events, |kind| matches!(kind, EventKind::Submission { bot: true, .. })),
            },
        );
    }
    rows
}

fn by_quiz_and(log: &[LogRecord], span_ms: i64) -> BTreeMap<(String, i64), Vec<&Event>> {
    let mut groups: BTreeMap<(String, i64), Vec<&Event>> = BTreeMap::new();
    for event in counted(log) {
        let start = event.at_ms.div_euclid(span_ms) * span_ms;
        groups.entry((event.quiz_id.clone(), start)).or_default().push(event);
    }
    groups
}

/// The events that count: all views, and of each response's copies those that are no duplicate.
fn counted(log: &[LogRecord]) -> Vec<&Event> {
    let bucket = WINDOW.as_millis() as i64 / 8;
    let times: Vec<i64> = (0..log.len())
        .map(|o| log[..=o].iter().map(append_ms).max().unwrap())
        .map(|max| max - max.rem_euclid(bucket))
        .collect();
    let id = |o: usize| match &log[o] {
        LogRecord::Event(Event { kind: EventKind::Submission { response_id, .. }, quiz_id, .. }) => {
            Some((quiz_id, response_id))
        }
        _ => None,
    };
    let is_duplicate = |o: usize| {
        id(o).is_some()
            && (0..o).any(|earlier| id(earlier) == id(o) && times[o] - times[earlier] <= bucket * 8)
    };
    let mut events = Vec::new();
    for (o, record) in log.iter().enumerate() {
        if let LogRecord::Event(event) = record
            && !is_duplicate(o)
        {
            events.push(event);
        }
    }
    events
}

fn count(events: &[&Event], of: fn(&EventKind) -> bool) -> i64 {
    events.iter().filter(|event| of(&event.kind)).count() as i64
}

fn is_bot_submission(event: &Event) -> bool {
    matches!(event.kind, EventKind::Submission { bot: true, .. })
}

fn breakdown(values: Vec<&str>) -> Breakdown {
    let mut first_fifty: Vec<&str> = Vec::new();
    for value in &values {
        if !first_fifty.contains(value) && first_fifty.len() < 50 {
            first_fifty.push(value);
        }
    }
    let count_of = |value: &str| values.iter().filter(|other| **other == value).count() as i64;
    Breakdown {
        counts: first_fifty.iter().map(|value| ((*value).to_owned(), count_of(value))).collect(),
        other: values.iter().filter(|value| !first_fifty.contains(value)).count() as i64,
    }
}
