use std::collections::HashMap;

use serde_json::Value;

use super::LoggedEvent;
use super::contract::keeps_contract;

/// A record that counts: the first copy of its event within the window, and one that keeps the contract.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted<'l> {
    pub(super) event: &'l Value,
    pub(super) append_ms: i64,
    pub(super) trigger: &'static str,
}

/// A record is a duplicate when its key stands earlier in its partition with T(o) − T(o′) ≤ W, T being the running
/// maximum of append times rounded down to W/8. A duplicate is a sighting too; a dead letter is none, it only moves T.
pub(super) fn first_copies<'l>(
    records: &'l [LoggedEvent],
    window_ms: i64,
    trigger: &'static str,
) -> Vec<Counted<'l>> {
    let mut in_order: Vec<&LoggedEvent> = records.iter().collect();
    in_order.sort_by_key(|record| (record.partition, record.offset));
    let bucket = window_ms / 8;
    let mut counted = Vec::new();
    let mut partition = None;
    let mut latest = i64::MIN;
    // By key: T of its latest sighting, which is the nearest one.
    let mut sighted: HashMap<&str, i64> = HashMap::new();
    for record in in_order {
        if partition != Some(record.partition) {
            partition = Some(record.partition);
            latest = i64::MIN;
            sighted.clear();
        }
        latest = latest.max(record.append_ms);
        let t = latest - latest.rem_euclid(bucket);
        let Some(event) = record.event.as_ref().filter(|event| keeps_contract(event)) else { continue };
        let earlier = sighted.insert(&record.key, t);
        let is_duplicate = earlier.is_some_and(|earlier| t - earlier <= window_ms);
        if !is_duplicate {
            counted.push(Counted { event, append_ms: record.append_ms, trigger });
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(partition: i32, offset: i64, append_ms: i64, key: &str) -> LoggedEvent {
        let event = json!({
            "quiz_id": "q", "account_id": "c", "response_id": "0190a5d0-0000-7000-8000-000000000001",
            "received_at": 5, "answers": {}, "hidden": {}, "utm": {},
        });
        LoggedEvent { partition, offset, append_ms, key: key.to_owned(), event: Some(event) }
    }

    fn counted(records: &[LoggedEvent]) -> Vec<i64> {
        first_copies(records, 800, "completed").iter().map(|counted| counted.append_ms).collect()
    }

    #[test]
    fn the_first_copy_within_the_window_counts_and_a_duplicate_renews_it() {
        // W 800, bucket 100: T is 1000, 1800, 2600, 3500.
        let log = [
            record(0, 0, 1_050, "a"),
            record(0, 1, 1_899, "a"),
            record(0, 2, 2_610, "a"),
            record(0, 3, 3_500, "a"),
        ];
        assert_eq!(counted(&log), [1_050, 3_500]);
    }

    #[test]
    fn partitions_are_apart_and_the_clock_never_goes_back() {
        let log = [
            record(0, 0, 2_000, "a"),
            record(1, 0, 2_000, "a"),
            record(0, 1, 1_000, "b"),
            record(0, 2, 2_700, "b"),
        ];
        // b was appended at 1000 on a clock that stood at 2000 already.
        assert_eq!(counted(&log), [2_000, 1_000, 2_000]);
    }

    #[test]
    fn a_dead_letter_is_no_sighting() {
        let dead = LoggedEvent { event: None, ..record(0, 0, 1_000, "a") };
        assert_eq!(counted(&[dead, record(0, 1, 1_001, "a")]), [1_001]);
    }
}
