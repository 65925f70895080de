//! Who left and must be announced, and what the announcement must say.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::log::{FollowUpLog, response_of};
use crate::expected::LoggedEvent;

const HOURS_48_MS: i64 = 48 * 3_600_000;
const MINUTES_5_MS: i64 = 5 * 60_000;

/// A response of which a beacon brought answers.
#[derive(Debug, Clone)]
pub(super) struct Partial<'l> {
    /// The beacon of the highest number that has answers; of its copies the first in the log.
    pub(super) beacon: &'l LoggedEvent,
    pub(super) event: &'l Value,
    /// Event time of that beacon.
    pub(super) last_seen_at: i64,
}

pub(super) type Response = (String, String);

/// All beacons that brought answers, by quiz and response.
fn with_answers(log: &FollowUpLog) -> BTreeMap<Response, Vec<Partial<'_>>> {
    let mut found: BTreeMap<Response, Vec<Partial<'_>>> = BTreeMap::new();
    for beacon in &log.beacons {
        let Some(event) = &beacon.event else { continue };
        let has_answers = event["answers"].as_object().is_some_and(|answers| !answers.is_empty());
        if has_answers {
            let partial = Partial { beacon, event, last_seen_at: seen_at(event, beacon.append_ms) };
            found.entry(response_of(event)).or_default().push(partial);
        }
    }
    found
}

/// Of beacons appended up to a moment, the one that makes the row.
fn row_at<'l>(beacons: &[Partial<'l>], until_ms: i64) -> Option<Partial<'l>> {
    let place = |partial: &&Partial<'_>| {
        let sequence = partial.event["sequence"].as_i64().unwrap_or_default();
        (-sequence, partial.beacon.append_ms, partial.beacon.partition, partial.beacon.offset)
    };
    beacons.iter().filter(|partial| partial.beacon.append_ms <= until_ms).min_by_key(place).cloned()
}

/// By quiz and response.
pub(super) fn partials(log: &FollowUpLog) -> BTreeMap<Response, Partial<'_>> {
    let found = with_answers(log).into_iter();
    found.filter_map(|(response, beacons)| Some((response, row_at(&beacons, i64::MAX)?))).collect()
}

fn seen_at(event: &Value, append_ms: i64) -> i64 {
    let received_at = event["received_at"].as_i64().unwrap_or_default();
    let is_believed = (append_ms - HOURS_48_MS..=append_ms + MINUTES_5_MS).contains(&received_at);
    if is_believed { received_at } else { append_ms }
}

/// Those of this run who gave a contact and left, were never seen to finish, and are not announced yet.
pub(super) fn not_announced(log: &FollowUpLog, began_at_ms: i64) -> Vec<Response> {
    let finished = log.finished();
    let announced = announced(log);
    let waiting = partials(log).into_iter().filter(|(response, partial)| {
        let is_bot = partial.event["bot_verdict"] == "bot";
        is_of_run(response, began_at_ms)
            && !is_bot
            && !finished.contains_key(response)
            && !announced.contains_key(response)
    });
    waiting.map(|(response, _)| response).collect()
}

/// The copies of each announcement.
pub(super) fn announced(log: &FollowUpLog) -> BTreeMap<Response, Vec<&LoggedEvent>> {
    let mut announced: BTreeMap<Response, Vec<&LoggedEvent>> = BTreeMap::new();
    for record in &log.abandonments {
        if let Some(event) = &record.event {
            announced.entry(response_of(event)).or_default().push(record);
        }
    }
    announced
}

/// Whether the response's id was minted in the run.
pub(super) fn is_of_run(response: &Response, began_at_ms: i64) -> bool {
    let id: Uuid = response.1.parse().unwrap_or_default();
    let millis = (id.as_u128() >> 80) as i64;
    millis >= began_at_ms
}

/// What is wrong with the announcements, as (what, name) pairs.
pub(super) fn wrong_announcements(
    log: &FollowUpLog,
    began_at_ms: i64,
    abandon_after_ms: i64,
) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let (beacons, finished) = (with_answers(log), log.finished());
    for (response, copies) in announced(log) {
        if !is_of_run(&response, began_at_ms) {
            continue;
        }
        let name = format!("{}/{}", response.0, response.1);
        let events: Vec<&Value> = copies.iter().filter_map(|copy| copy.event.as_ref()).collect();
        if events.windows(2).any(|pair| pair[0] != pair[1]) {
            wrong.push(("announcements whose copies differ", name.clone()));
        }
        let abandoned_at = events[0]["abandoned_at"].as_i64().unwrap_or_default();
        // What was appended before that moment is seen before the decision; a beacon that came later is not.
        // One that was appended late, the broker having been away, may have been seen too: then by its own time.
        let known = beacons.get(&response).and_then(|beacons| row_at(beacons, abandoned_at));
        let sequence = |partial: &Partial<'_>| partial.event["sequence"].as_i64().unwrap_or_default();
        let is_late = |partial: &&Partial<'_>| {
            partial.beacon.append_ms > abandoned_at
                && partial.last_seen_at + abandon_after_ms == abandoned_at
                && known.as_ref().is_none_or(|known| sequence(partial) > sequence(known))
        };
        let late = beacons
            .get(&response)
            .and_then(|beacons| beacons.iter().filter(is_late).max_by_key(|late| sequence(late)));
        let partial = late.cloned().or(known);
        let Some(partial) = partial else {
            wrong.push(("announced as abandoned without a beacon that brought answers", name));
            continue;
        };
        if partial.event["bot_verdict"] == "bot" {
            wrong.push(("bots announced as abandoned", name.clone()));
        }
        if finished.get(&response).is_some_and(|appended| *appended < abandoned_at) {
            wrong.push(("announced as abandoned although they had finished", name.clone()));
        }
        for field in differing(&partial, events[0], abandon_after_ms) {
            wrong.push((
                "announcements that say something else than the last beacon",
                format!("{name}: {field}"),
            ));
        }
    }
    wrong
}

fn differing(partial: &Partial<'_>, event: &Value, abandon_after_ms: i64) -> Vec<&'static str> {
    let mut differing = Vec::new();
    for field in [
        "account_id",
        "visitor_id",
        "version",
        "answers",
        "hidden",
        "utm",
        "referrer",
        "device",
        "country",
        "bot_verdict",
        "tags",
    ] {
        if !is_same(&partial.event[field], &event[field]) {
            differing.push(field);
        }
    }
    let elements = partial.event["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
    let last_element =
        elements.last().map_or("", |element| element["element_id"].as_str().unwrap_or_default());
    if event["last_element"] != last_element {
        differing.push("last_element");
    }
    if event["elements_seen"].as_u64() != Some(elements.len() as u64) {
        differing.push("elements_seen");
    }
    if event["last_seen_at"].as_i64() != Some(partial.last_seen_at) {
        differing.push("last_seen_at");
    }
    if event["abandoned_at"].as_i64() != Some(partial.last_seen_at + abandon_after_ms) {
        differing.push("abandoned_at");
    }
    differing
}

/// Numbers by their size: the table keeps 70.0 as 70.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => one == other,
    }
}
