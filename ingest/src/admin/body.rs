use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use vendzz_schemas::json::parse_strict;

use super::refusal::Refusal;

/// The most bytes of a body. A document may have fewer: it is then named as such.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;

/// How long a body is waited for.
#[derive(Debug, Clone)]
pub(super) struct BodyTimes {
    /// From the end of the request's head.
    pub(super) whole: Duration,
    /// From the begin of the drain.
    pub(super) drained: Duration,
    pub(super) drain: CancellationToken,
}

/// Reads a whole JSON body.
pub(super) async fn read_json(headers: &HeaderMap, body: Body, times: &BodyTimes) -> Result<Value, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::NotJson);
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::Encoded);
    }
    let bytes = read_whole(body, times).await?;
    parse_strict(&bytes).map_err(Refusal::BadJson)
}

async fn read_whole(body: Body, times: &BodyTimes) -> Result<Bytes, Refusal> {
    let drained = async {
        times.drain.cancelled().await;
        tokio::time::sleep(times.drained).await;
    };
    let collected = tokio::select! {
        collected = Limited::new(body, MAX_BODY_BYTES).collect() => collected,
        () = tokio::time::sleep(times.whole) => return Err(Refusal::BodyTooSlow),
        () = drained => return Err(Refusal::Draining),
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::BodyTooLarge { max_bytes: MAX_BODY_BYTES })
        }
        Err(_) => Err(Refusal::BodyBroken),
    }
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    async fn read(content_type: &str, body: impl Into<Body>, times: &BodyTimes) -> Result<Value, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        read_json(&headers, body.into(), times).await
    }

    #[tokio::test]
    async fn only_plain_json_of_a_bounded_length_is_read() {
        let times = BodyTimes { whole: LONG, drained: LONG, drain: CancellationToken::new() };
        assert_eq!(read("application/json; charset=utf-8", "{}", &times).await, Ok(serde_json::json!({})));
        assert_eq!(read("text/plain", "{}", &times).await, Err(Refusal::NotJson));
        let too_large = Err(Refusal::BodyTooLarge { max_bytes: MAX_BODY_BYTES });
        assert_eq!(read("application/json", " ".repeat(MAX_BODY_BYTES + 1), &times).await, too_large);
        let twice = read("application/json", "{\"a\":1,\"a\":2}", &times).await;
        assert!(matches!(twice, Err(Refusal::BadJson(_))));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let never = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let drain = CancellationToken::new();
        let slow = BodyTimes { whole: SHORT, drained: LONG, drain: drain.clone() };
        assert_eq!(read("application/json", never(), &slow).await, Err(Refusal::BodyTooSlow));
        drain.cancel();
        let draining = BodyTimes { whole: LONG, drained: SHORT, drain };
        assert_eq!(read("application/json", never(), &draining).await, Err(Refusal::Draining));
    }
}
