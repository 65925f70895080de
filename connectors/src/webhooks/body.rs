use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use vendzz_runtime::http::{self, BodyLimits, Problem};

use super::refusals::RETRY_AFTER;

/// The most bytes of a body. Providers' reports have a few thousand.
const MAX_BYTES: usize = 256 * 1024;
/// Bodies that are not complete this long after the begin of a drain get 503.
const DRAINED: Duration = Duration::from_secs(3);

pub(super) fn limits(timeout: Duration, drain: CancellationToken) -> BodyLimits {
    BodyLimits { max_bytes: MAX_BYTES, whole: timeout, drained: DRAINED, drain }
}

/// The whole body, or why it was not taken.
pub(super) async fn read_whole(body: Body, limits: &BodyLimits) -> Result<Bytes, Problem> {
    http::read_whole(body, limits).await.map_err(|error| error.problem(RETRY_AFTER))
}
