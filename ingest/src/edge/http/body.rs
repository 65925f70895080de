use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::Instant;
use vendzz_runtime::http::{Problem, discard};

use crate::edge::refusals;

/// How often a body that is slow to come is looked at.
const GLANCE: Duration = Duration::from_millis(100);

pub struct BodyLimits {
    pub max_bytes: usize,
    /// From the head's end to the body's end.
    pub timeout: Duration,
    /// Set some time into a drain: what has not come by then is answered 503.
    pub cut_off: AtomicBool,
}

/// The whole body, or why it was not taken.
pub async fn read_body(mut body: Incoming, limits: &BodyLimits) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > limits.max_bytes as u64 {
        discard(body).await;
        return Err(refusals::body_too_large(limits.max_bytes));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut deadline = None;
    loop {
        let frame = match tokio::time::timeout(GLANCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(refusals::body_broken()),
            Ok(None) => break,
            Err(_) => {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + limits.timeout - GLANCE);
                if limits.cut_off.load(Ordering::Relaxed) {
                    return Err(refusals::draining());
                }
                if Instant::now() >= deadline {
                    return Err(refusals::body_too_slow());
                }
                continue;
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limits.max_bytes {
            discard(body).await;
            return Err(refusals::body_too_large(limits.max_bytes));
        }
        // Nearly every body comes in one piece, which is then not copied.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}
