//! The time under which a fold counts an event: never a wall clock, only what stands in the log.

use std::time::Duration;

/// How far before its append an event's own time may lie and still be believed.
const BEFORE_APPEND: i64 = Duration::from_hours(48).as_millis() as i64;
/// How far after its append (clocks differ).
const AFTER_APPEND: i64 = Duration::from_mins(5).as_millis() as i64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTime {
    /// Milliseconds since 1970 (UTC).
    pub millis: i64,
    /// The event's own time was implausible, and the append time stands in its place.
    pub replaced: bool,
}

/// `received_at` when it lies within [append − 48 h, append + 5 min], otherwise the append time;
/// all in milliseconds since 1970 (UTC).
pub fn event_time(received_at: i64, append_ms: i64) -> EventTime {
    let earliest = append_ms.saturating_sub(BEFORE_APPEND);
    let latest = append_ms.saturating_add(AFTER_APPEND);
    if (earliest..=latest).contains(&received_at) {
        return EventTime { millis: received_at, replaced: false };
    }
    EventTime { millis: append_ms, replaced: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_belong_to_what_is_believed() {
        let append = 1_767_225_600_000;
        let kept = |received_at| !event_time(received_at, append).replaced;
        assert!(kept(append) && kept(append - 48 * 3_600_000) && kept(append + 300_000));
        assert!(!kept(append - 48 * 3_600_000 - 1) && !kept(append + 300_001));
        assert_eq!(event_time(append + 300_001, append), EventTime { millis: append, replaced: true });
    }

    #[test]
    fn the_ends_of_the_number_line_do_no_harm() {
        assert_eq!(event_time(i64::MAX, 0), EventTime { millis: 0, replaced: true });
        assert_eq!(event_time(i64::MIN, i64::MIN), EventTime { millis: i64::MIN, replaced: false });
        assert_eq!(event_time(0, i64::MAX), EventTime { millis: i64::MAX, replaced: true });
    }
}
