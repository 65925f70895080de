use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::header::{DATE, HeaderMap, RETRY_AFTER};

/// However long a provider asks us to wait, longer than this is not believed.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// `Retry-After` as seconds or as a date (RFC 9110, 10.2.3); a date counts from the answer's own `Date`, so that
/// our clock does not matter, and from `now` when there is none. None when it is absent or not understood.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let answered_at = headers
        .get(DATE)
        .and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok())
        .map_or(now, |date| date.to_utc());
    let wait = (until.to_utc() - answered_at).to_std().unwrap_or(Duration::ZERO);
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_understood_and_others_are_not() {
        let now = "2026-11-30T12:00:00Z".parse().unwrap();
        let cases = [
            ("120", "", Some(120)),
            (" 0 ", "", Some(0)),
            ("Mon, 30 Nov 2026 12:01:30 GMT", "", Some(90)),
            ("Mon, 30 Nov 2026 12:01:30 GMT", "Mon, 30 Nov 2026 12:01:00 GMT", Some(30)),
            ("Mon, 30 Nov 2026 11:00:00 GMT", "", Some(0)),
            ("99999999999999999999999", "", Some(7 * 86_400)),
            ("Mon, 30 Nov 2099 11:00:00 GMT", "", Some(7 * 86_400)),
            ("soon", "", None),
            ("-5", "", None),
            ("1.5", "", None),
            ("", "", None),
        ];
        for (text, date, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            if !date.is_empty() {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
