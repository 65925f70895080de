//! What a log folds to, said as plainly as possible and without regard to speed. It shares nothing
//! with the fold but the types.

use std::collections::BTreeMap;

use vendzz_projections::analytics::{
    Breakdown, Event, EventKind, FunnelTotals, HourTotals, LogRecord, MinuteTotals, StepTotals,
};

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

pub(crate) fn funnels(log: &[LogRecord]) -> Rows<FunnelTotals> {
    let mut rows = Rows::new();
    for (key, events) in group(counted(log), 3_600_000) {
        let told: Vec<&Event> =
            events.into_iter().filter(|event| !is_bot(event) && !event.elements.is_empty()).collect();
        if told.is_empty() {
            continue;
        }
        let all: Vec<Counted> = told.iter().flat_map(|event| counted_steps(event)).collect();
        let mut first_400: Vec<&str> = Vec::new();
        for counted in &all {
            if !first_400.contains(&counted.element.as_str()) && first_400.len() < 400 {
                first_400.push(&counted.element);
            }
        }
        let sum = |of: &dyn Fn(&str) -> bool| {
            let those: Vec<&Counted> = all.iter().filter(|counted| of(&counted.element)).collect();
            let left = those.iter().filter(|counted| counted.left);
            let millis: i128 = left.clone().map(|counted| i128::from(counted.millis)).sum();
            StepTotals {
                reached: those.iter().filter(|counted| counted.reached).count() as i64,
                left: left.count() as i64,
                millis: i64::try_from(millis).unwrap_or(i64::MAX),
            }
        };
        rows.insert(
            key,
            FunnelTotals {
                last_offset: told.iter().map(|event| event.offset).max().unwrap(),
                steps: first_400.iter().map(|id| ((*id).to_owned(), sum(&|other| other == *id))).collect(),
                other: sum(&|other| !first_400.contains(&other)),
            },
        );
    }
    rows
}

struct Counted {
    element: String,
    reached: bool,
    left: bool,
    millis: i64,
}

/// Of an event's elements those that count, in the order of the way.
fn counted_steps(event: &Event) -> Vec<Counted> {
    let length = event.elements.len() as i64;
    let reported = event.reported as i64;
    let is_reached = |i: i64| (reported..length).contains(&i);
    let is_left = |i: i64| match event.kind {
        EventKind::Progress { .. } => ((reported - 1).max(0)..length - 1).contains(&i),
        _ => ((reported - 1).max(0)..length).contains(&i),
    };
    let mut counted = Vec::new();
    for i in 0..length {
        if is_reached(i) || is_left(i) {
            let seen = &event.elements[i as usize];
            counted.push(Counted {
                element: seen.element_id.clone(),
                reached: is_reached(i),
                left: is_left(i),
                millis: seen.millis,
            });
        }
    }
    counted
}

fn is_bot(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::View { bot: true }
            | EventKind::Progress { bot: true, .. }
            | EventKind::Submission { bot: true, .. }
    )
}

/// Views and submissions: beacons count in funnels alone.
fn by_quiz_and(log: &[LogRecord], span_ms: i64) -> BTreeMap<(String, i64), Vec<&Event>> {
    let events = counted(log).into_iter();
    group(events.filter(|event| !matches!(event.kind, EventKind::Progress { .. })).collect(), span_ms)
}

fn group(events: Vec<&Event>, span_ms: i64) -> BTreeMap<(String, i64), Vec<&Event>> {
    let mut groups: BTreeMap<(String, i64), Vec<&Event>> = BTreeMap::new();
    for event in events {
        let start = event.at_ms.div_euclid(span_ms) * span_ms;
        groups.entry((event.quiz_id.clone(), start)).or_default().push(event);
    }
    groups
}

/// The events that count: all views, and of each response's and each beacon's copies those that are
/// no duplicate.
fn counted(log: &[LogRecord]) -> Vec<&Event> {
    let bucket = WINDOW.as_millis() as i64 / 8;
    let times: Vec<i64> = (0..log.len())
        .map(|o| log[..=o].iter().map(append_ms).max().unwrap())
        .map(|max| max - max.rem_euclid(bucket))
        .collect();
    let id = |o: usize| match &log[o] {
        LogRecord::Event(Event { kind: EventKind::Submission { response_id, .. }, quiz_id, .. }) => {
            Some((quiz_id, response_id, None))
        }
        LogRecord::Event(Event {
            kind: EventKind::Progress { response_id, sequence, .. }, quiz_id, ..
        }) => Some((quiz_id, response_id, Some(sequence))),
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
