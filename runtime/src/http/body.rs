use std::time::Duration;

use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio_util::sync::CancellationToken;

use super::Problem;

/// How much of a body that is too large is read and thrown away.
const DISCARD_BYTES: usize = 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_millis(500);

/// How much of a body is taken, and how long it is waited for.
#[derive(Debug, Clone)]
pub struct BodyLimits {
    pub max_bytes: usize,
    /// From the end of the request's head.
    pub whole: Duration,
    /// From the begin of the drain.
    pub drained: Duration,
    pub drain: CancellationToken,
}

/// Why a body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    TooLarge { max_bytes: usize },
    TooSlow,
    Broken,
    Draining,
}

/// The whole body, or why it was not taken.
pub async fn read_whole<B>(body: B, limits: &BodyLimits) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let drained = async {
        limits.drain.cancelled().await;
        tokio::time::sleep(limits.drained).await;
    };
    tokio::select! {
        read = collect(body, limits.max_bytes) => read,
        () = tokio::time::sleep(limits.whole) => Err(BodyError::TooSlow),
        () = drained => Err(BodyError::Draining),
    }
}

async fn collect<B>(mut body: B, max_bytes: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let too_large = BodyError::TooLarge { max_bytes };
    if body.size_hint().lower() > max_bytes as u64 {
        discard(body).await;
        return Err(too_large);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > max_bytes {
            discard(body).await;
            return Err(too_large);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Reads on for a while: a connection that is closed while its client still sends is reset, and the
/// refusal with it.
pub async fn discard<B>(mut body: B)
where
    B: Body<Data = Bytes> + Unpin,
{
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

impl BodyError {
    /// What the client is told; after a 503 it may try again in so many seconds.
    pub fn problem(self, retry_after: u64) -> Problem {
        const AGAIN: &str = "Nothing was changed; send the request again.";
        match self {
            Self::TooLarge { max_bytes } => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is too large",
                format!("The body may have {max_bytes} bytes."),
            ),
            Self::TooSlow => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body_too_slow",
                "The body did not arrive in time",
                AGAIN,
            ),
            Self::Broken => Problem::bad("body_broken", "The body did not arrive whole", AGAIN),
            Self::Draining => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "draining",
                "The service is about to stop",
                AGAIN,
            )
            .retry_after(retry_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    fn limits(whole: Duration, drained: Duration, drain: &CancellationToken) -> BodyLimits {
        BodyLimits { max_bytes: 3, whole, drained, drain: drain.clone() }
    }

    #[tokio::test]
    async fn only_so_many_bytes_are_read() {
        let limits = limits(LONG, LONG, &CancellationToken::new());
        let pieces = |pieces: &'static [&'static str]| {
            let pieces =
                pieces.iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece.as_bytes())));
            Body::from_stream(futures::stream::iter(pieces))
        };
        assert_eq!(read_whole(Body::from("abc"), &limits).await.unwrap(), "abc");
        assert_eq!(read_whole(pieces(&["a", "bc"]), &limits).await.unwrap(), "abc");
        let too_large = Err(BodyError::TooLarge { max_bytes: 3 });
        assert_eq!(read_whole(Body::from("abcd"), &limits).await, too_large);
        assert_eq!(read_whole(pieces(&["ab", "cd"]), &limits).await, too_large);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let never = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let drain = CancellationToken::new();
        let slow = limits(SHORT, LONG, &drain);
        assert_eq!(read_whole(never(), &slow).await, Err(BodyError::TooSlow));
        drain.cancel();
        let draining = limits(LONG, SHORT, &drain);
        assert_eq!(read_whole(never(), &draining).await, Err(BodyError::Draining));
    }
}
