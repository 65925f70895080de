use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vendzz_runtime::http::{BodyLimits, Problem};

use super::body::read_whole;
use super::refusals::RETRY_AFTER;

/// Meta gathers what happened: "Webhooks payloads can be up to 3MB"
/// (<https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks>).
const MAX_LARGE_BYTES: usize = 4 * 1024 * 1024;

/// Large bodies that are held at once: each is read before it is known who sent it, and takes several times its
/// length once it is parsed.
const PLACES: usize = 8;

/// Places for bodies that are larger than others may be. A body that says how long it is, and is not, needs none, so
/// that nobody can keep the usual ones waiting.
#[derive(Clone)]
pub(super) struct LargeBodies(Arc<Semaphore>);

/// A body, with the place that it takes as long as it is held.
pub(super) struct PlacedBody {
    pub(super) bytes: Bytes,
    _place: Option<OwnedSemaphorePermit>,
}

impl LargeBodies {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }

    /// The whole body, or why it was not taken. A body within `limits` needs no place.
    pub(super) async fn read(&self, body: Body, limits: &BodyLimits) -> Result<PlacedBody, Problem> {
        let is_small = body.size_hint().upper().is_some_and(|bytes| bytes <= limits.max_bytes as u64);
        if is_small {
            return Ok(PlacedBody { bytes: read_whole(body, limits).await?, _place: None });
        }
        let began = Instant::now();
        let place = tokio::time::timeout(limits.whole, self.0.clone().acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or_else(no_place)?;
        let whole = limits.whole.saturating_sub(began.elapsed());
        let limits = BodyLimits { max_bytes: MAX_LARGE_BYTES, whole, ..limits.clone() };
        Ok(PlacedBody { bytes: read_whole(body, &limits).await?, _place: Some(place) })
    }
}

fn no_place() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too_many_large_bodies",
        "Too many large bodies are being read",
        "Nothing was changed; send the request again.",
    )
    .retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::stream;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const SMALL: usize = 100;

    fn limits() -> BodyLimits {
        let (whole, drained) = (Duration::from_millis(200), Duration::from_secs(60));
        BodyLimits { max_bytes: SMALL, whole, drained, drain: CancellationToken::new() }
    }

    fn large() -> Body {
        Body::from(vec![b'x'; SMALL + 1])
    }

    #[tokio::test]
    async fn so_many_large_bodies_are_held_and_small_ones_do_not_wait_for_them() {
        let (bodies, limits) = (LargeBodies::new(), limits());
        let mut held = Vec::new();
        for _ in 0..PLACES {
            held.push(bodies.read(large(), &limits).await.map_err(|problem| problem.code).unwrap());
        }
        let refused = bodies.read(large(), &limits).await.err().map(|problem| (problem.status, problem.code));
        assert_eq!(refused, Some((StatusCode::SERVICE_UNAVAILABLE, "too_many_large_bodies")));
        // Of what does not say how long it is, nobody knows.
        let unsaid = || Body::from_stream(stream::iter([Ok::<_, std::io::Error>("{}")]));
        assert!(bodies.read(unsaid(), &limits).await.is_err());
        assert_eq!(
            bodies.read(Body::from("{}"), &limits).await.map(|body| body.bytes),
            Ok(Bytes::from("{}"))
        );
        held.pop();
        assert_eq!(bodies.read(unsaid(), &limits).await.map(|body| body.bytes), Ok(Bytes::from("{}")));
        assert_eq!(
            bodies.read(large(), &limits).await.map(|body| body.bytes.len()),
            Ok(SMALL + 1),
            "a place is given back with its body"
        );
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_even_here_gives_its_place_back() {
        let (bodies, limits) = (LargeBodies::new(), limits());
        for _ in 0..=PLACES {
            let refused = bodies.read(Body::from(vec![b'x'; MAX_LARGE_BYTES + 1]), &limits).await;
            assert_eq!(refused.err().map(|problem| problem.status), Some(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let largest = bodies.read(Body::from(vec![b'x'; MAX_LARGE_BYTES]), &limits).await;
        assert_eq!(largest.map(|body| body.bytes.len()), Ok(MAX_LARGE_BYTES));
    }
}
