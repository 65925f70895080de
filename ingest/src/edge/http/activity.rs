use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::refused_by_hyper;

/// What a connection is doing, as its timeouts need to know it. hyper's own header timeout also runs
/// while a kept-alive connection is idle, which would close the idle connections of a proxy in front of
/// us after seconds, just when it sends the next request.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    finished: AtomicU64,
    /// Something has been read since the last request was finished.
    has_read: AtomicBool,
}

/// One request being worked on.
pub(super) struct Busy(Arc<Activity>);

/// What was seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glance {
    pub(super) is_busy: bool,
    pub(super) has_read: bool,
    /// Requests begun so far.
    pub(super) begun: u64,
}

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    pub(super) fn glance(&self) -> Glance {
        let finished = self.finished.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Relaxed);
        Glance { is_busy: begun != finished, has_read: self.has_read.load(Ordering::Relaxed), begun }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.has_read.store(false, Ordering::Relaxed);
        self.0.finished.fetch_add(1, Ordering::Release);
    }
}

/// A socket that notes when something is read, and gives a body to the refusals that hyper writes itself.
pub(super) struct WatchedStream {
    inner: TcpStream,
    activity: Arc<Activity>,
    /// Written instead of what hyper wanted to write; not yet sent.
    replacement: Vec<u8>,
    sent: usize,
}

impl WatchedStream {
    pub(super) fn new(inner: TcpStream, activity: Arc<Activity>) -> Self {
        Self { inner, activity, replacement: Vec::new(), sent: 0 }
    }

    fn poll_replacement(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.replacement.len() {
            let rest = &self.replacement[self.sent..];
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.has_read.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_replacement(context))?;
        if let Some(replacement) = refused_by_hyper::replacement_of(bytes) {
            self.replacement = replacement;
            self.sent = 0;
            // As far as it goes; hyper does not flush after every write.
            if let Poll::Ready(Err(error)) = self.poll_replacement(context) {
                return Poll::Ready(Err(error));
            }
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_replacement(context))?;
        if slices.len() == 1 {
            return self.poll_write(context, &slices[0]);
        }
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replacement(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replacement(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
