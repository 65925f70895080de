use std::time::{SystemTime, UNIX_EPOCH};

/// The edge's clock, milliseconds since 1970 (UTC).
pub fn now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
