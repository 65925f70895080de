use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expected::{LoggedEvent, first_of_each};

/// What is known of one element.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub reached: i64,
    pub left: i64,
    pub millis: i64,
}

/// By element.
pub type Funnel = BTreeMap<String, Step>;

/// Worked out from the log, by quiz: the first copy of each event counts, bots do not. Elements from `reported` on were
/// reached; those from the one before on were left, but for the last one of a beacon, which is still shown.
pub(super) fn funnels_of(
    submissions: &[LoggedEvent],
    beacons: &[LoggedEvent],
    window_ms: i64,
) -> BTreeMap<String, Funnel> {
    let mut funnels: BTreeMap<String, Funnel> = BTreeMap::new();
    let numbered: Vec<LoggedEvent> = beacons.iter().map(with_sequence_in_key).collect();
    for (events, is_beacon) in [(submissions, false), (numbered.as_slice(), true)] {
        for event in first_of_each(events, window_ms) {
            if event["bot_verdict"] == "bot" {
                continue;
            }
            let elements = event["elements"].as_array().map(Vec::as_slice).unwrap_or_default();
            if elements.is_empty() {
                continue;
            }
            let funnel = funnels.entry(event["quiz_id"].as_str().unwrap_or_default().to_owned()).or_default();
            let reported = event["reported"].as_u64().unwrap_or_default() as usize;
            for (place, element) in elements.iter().enumerate() {
                let id = element["element_id"].as_str().unwrap_or_default();
                let is_reached = place >= reported;
                let is_open = is_beacon && place + 1 == elements.len();
                let is_left = place + 1 >= reported && !is_open;
                if !is_reached && !is_left {
                    continue;
                }
                let step = funnel.entry(id.to_owned()).or_default();
                step.reached += i64::from(is_reached);
                if is_left {
                    step.left += 1;
                    step.millis += element["millis"].as_i64().unwrap_or_default();
                }
            }
        }
    }
    funnels
}

/// A beacon is known by its response and its number.
fn with_sequence_in_key(beacon: &LoggedEvent) -> LoggedEvent {
    let sequence = beacon.event.as_ref().map(|event| event["sequence"].to_string()).unwrap_or_default();
    LoggedEvent { key: format!("{}/{sequence}", beacon.key), ..beacon.clone() }
}

/// What was counted after `earlier`.
pub(super) fn since(
    now: &BTreeMap<String, Funnel>,
    earlier: &BTreeMap<String, Funnel>,
) -> BTreeMap<String, Funnel> {
    let mut grown = now.clone();
    for (quiz, funnel) in earlier {
        let of_quiz = grown.entry(quiz.clone()).or_default();
        for (element, step) in funnel {
            let left = of_quiz.entry(element.clone()).or_default();
            left.reached -= step.reached;
            left.left -= step.left;
            left.millis -= step.millis;
        }
    }
    for funnel in grown.values_mut() {
        funnel.retain(|_, step| *step != Step::default());
    }
    grown
}

/// `quiz/element: counted, in the log` of each that differs.
pub(super) fn differences(quiz: &str, of_log: &Funnel, of_store: &Funnel) -> Vec<String> {
    let elements: std::collections::BTreeSet<&String> = of_log.keys().chain(of_store.keys()).collect();
    let mut differing = Vec::new();
    for element in elements {
        let of = |funnel: &Funnel| funnel.get(element).copied().unwrap_or_default();
        let (log, store) = (of(of_log), of(of_store));
        for (field, log, store) in [
            ("reached", log.reached, store.reached),
            ("left", log.left, store.left),
            ("millis", log.millis, store.millis),
        ] {
            if log != store {
                differing.push(format!("{quiz}/{element}: {field} {store} counted, {log} by the log"));
            }
        }
    }
    differing
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(offset: i64, kind: Value) -> LoggedEvent {
        let mut event = json!({
            "quiz_id": "q", "account_id": "c", "response_id": "0190a5d0-0000-7000-8000-000000000001",
            "received_at": 1, "answers": {}, "bot_verdict": "human",
        });
        event.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        LoggedEvent { partition: 0, offset, append_ms: 1_000, key: "q/1".to_owned(), event: Some(event) }
    }

    #[test]
    fn each_element_is_reached_and_left_once_on_a_way_told_in_three_parts() {
        let seen =
            |ids: &[&str]| ids.iter().map(|id| json!({ "element_id": id, "millis": 10 })).collect::<Vec<_>>();
        let beacons = [
            event(0, json!({ "sequence": 1, "elements": seen(&["a", "b"]), "reported": 0 })),
            event(1, json!({ "sequence": 2, "elements": seen(&["a", "b", "c"]), "reported": 2 })),
            // A copy.
            event(2, json!({ "sequence": 2, "elements": seen(&["a", "b", "c"]), "reported": 2 })),
        ];
        let submissions = [event(0, json!({ "elements": seen(&["a", "b", "c", "d"]), "reported": 3 }))];
        let funnels = funnels_of(&submissions, &beacons, 900_000);
        let once = Step { reached: 1, left: 1, millis: 10 };
        let expected: Funnel = ["a", "b", "c", "d"].map(|id| (id.to_owned(), once)).into();
        assert_eq!(funnels["q"], expected);
        // Whoever leaves there has c before him and never left it.
        assert_eq!(funnels_of(&[], &beacons, 900_000)["q"]["c"], Step { reached: 1, left: 0, millis: 0 });
        let differing = differences("q", &funnels["q"], &Funnel::new());
        assert_eq!((differing.len(), differing[0].as_str()), (12, "q/a: reached 0 counted, 1 by the log"));
        assert!(since(&funnels, &funnels)["q"].is_empty());
    }
}
