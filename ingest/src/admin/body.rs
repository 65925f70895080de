use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::Value;
use vendzz_runtime::http::{BodyLimits, read_whole};
use vendzz_schemas::json::parse_strict;

use super::refusal::Refusal;

/// Reads a whole JSON body.
pub(super) async fn read_json(
    headers: &HeaderMap,
    body: Body,
    limits: &BodyLimits,
) -> Result<Value, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::NotJson);
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::Encoded);
    }
    let bytes = read_whole(body, limits).await?;
    parse_strict(&bytes).map_err(Refusal::BadJson)
}

/// `application/json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;
    use vendzz_runtime::http::BodyError;

    use super::*;

    async fn read(content_type: &str, body: &str) -> Result<Value, Refusal> {
        let long = Duration::from_secs(60);
        let limits =
            BodyLimits { max_bytes: 16, whole: long, drained: long, drain: CancellationToken::new() };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        read_json(&headers, Body::from(body.to_owned()), &limits).await
    }

    #[tokio::test]
    async fn only_plain_json_of_a_bounded_length_is_read() {
        assert_eq!(read("application/json; charset=utf-8", "{}").await, Ok(serde_json::json!({})));
        assert_eq!(read("text/plain", "{}").await, Err(Refusal::NotJson));
        let too_large = Err(Refusal::Body(BodyError::TooLarge { max_bytes: 16 }));
        assert_eq!(read("application/json", &" ".repeat(17)).await, too_large);
        let twice = read("application/json", "{\"a\":1,\"a\":2}").await;
        assert!(matches!(twice, Err(Refusal::BadJson(_))));
    }
}
