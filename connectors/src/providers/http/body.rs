use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

const HELD: u8 = 0;
const HANDED_OVER: u8 = 1;
const WITHDRAWN: u8 = 2;

/// Whether the bytes of a body have been given to the connection. Once they have, nobody knows how many of them
/// arrived; as long as they have not, they can be withdrawn, and then they never leave.
#[derive(Debug, Clone, Default)]
pub(super) struct Handover(Arc<AtomicU8>);

impl Handover {
    /// True: no byte of the body was written, and none will be, even if the client still holds the request.
    pub(super) fn withdraw(&self) -> bool {
        let previous = self.0.compare_exchange(HELD, WITHDRAWN, Ordering::SeqCst, Ordering::SeqCst);
        previous != Err(HANDED_OVER)
    }

    fn hand_over(&self) -> bool {
        self.0.compare_exchange(HELD, HANDED_OVER, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// A body that can be given to a connection once: a client that would repeat the request has nothing to repeat.
#[derive(Debug)]
pub(super) struct OnceBody {
    bytes: Option<Bytes>,
    handover: Handover,
}

#[derive(Debug)]
pub(super) struct NotHandedOver;

impl fmt::Display for NotHandedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the body was withdrawn, or handed over before")
    }
}

impl std::error::Error for NotHandedOver {}

impl OnceBody {
    pub(super) fn new(bytes: Bytes) -> (Self, Handover) {
        let handover = Handover::default();
        (Self { bytes: Some(bytes), handover: handover.clone() }, handover)
    }
}

impl Body for OnceBody {
    type Data = Bytes;
    type Error = NotHandedOver;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NotHandedOver>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        if self.handover.hand_over() {
            Poll::Ready(Some(Ok(Frame::data(bytes))))
        } else {
            Poll::Ready(Some(Err(NotHandedOver)))
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(body: &mut OnceBody) -> Option<Result<Bytes, NotHandedOver>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())),
            Poll::Pending => panic!("a body in memory waits for nothing"),
        }
    }

    #[test]
    fn a_body_is_either_handed_over_or_withdrawn() {
        let (mut body, handover) = OnceBody::new(Bytes::from_static(b"x"));
        assert_eq!(poll(&mut body).unwrap().unwrap(), "x");
        assert!(!handover.withdraw());

        let (mut body, handover) = OnceBody::new(Bytes::from_static(b"x"));
        assert!(handover.withdraw());
        assert!(handover.withdraw(), "twice is as good as once");
        assert!(poll(&mut body).unwrap().is_err());
    }
}
