use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio_util::sync::CancellationToken;

use super::problem::Problem;

/// The most bytes of a body, unless its route says otherwise. Providers' reports have a few thousand.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;

/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
const DISCARD_BYTES: usize = 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_millis(500);

/// How long a body is waited for.
#[derive(Debug, Clone)]
pub(super) struct BodyTimes {
    /// From the end of the request's head.
    pub(super) whole: Duration,
    /// From the begin of the drain.
    pub(super) drained: Duration,
    pub(super) drain: CancellationToken,
}

/// The whole body, or why it was not taken.
pub(super) async fn read_whole(body: Body, times: &BodyTimes) -> Result<Bytes, Problem> {
    read_up_to(MAX_BODY_BYTES, body, times).await
}

/// The same with another limit.
pub(super) async fn read_up_to(max_bytes: usize, body: Body, times: &BodyTimes) -> Result<Bytes, Problem> {
    let drained = async {
        times.drain.cancelled().await;
        tokio::time::sleep(times.drained).await;
    };
    tokio::select! {
        read = collect(max_bytes, body) => read,
        () = tokio::time::sleep(times.whole) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "The body did not arrive in time",
            "Nothing was changed; send the request again.",
        )),
        () = drained => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "The service is about to stop",
            "Nothing was changed; send the request again.",
        )),
    }
}

async fn collect(max_bytes: usize, mut body: Body) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > max_bytes as u64 {
        discard(body).await;
        return Err(too_large(max_bytes));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::bad(
                "body_broken",
                "The body did not arrive whole",
                "Nothing was changed; send the request again.",
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > max_bytes {
            discard(body).await;
            return Err(too_large(max_bytes));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn too_large(max_bytes: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is too large",
        format!("The body may have {max_bytes} bytes."),
    )
}

async fn discard(mut body: Body) {
    let reading = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > DISCARD_BYTES {
                return;
            }
        }
    };
    // Whether it came to its end does not matter.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}
