use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first byte of a TLS record of the handshake (RFC 8446, 5.1); no SMTP command begins with it.
const HANDSHAKE: u8 = 22;

/// A TCP stream that is read byte by byte until TLS begins.
///
/// The reader above it buffers, and would take answers that somebody put behind the answer to STARTTLS for answers
/// that came through TLS (RFC 3207, 6: nothing of before may be kept). Byte by byte there is nothing to keep: what
/// was put there meets the handshake, which fails.
#[derive(Debug)]
pub(super) struct UpgradableStream {
    tcp: TcpStream,
    is_tls: bool,
}

impl UpgradableStream {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { tcp, is_tls: false }
    }
}

impl AsyncTokioStream for UpgradableStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl AsyncRead for UpgradableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_tls || buffer.remaining() == 0 {
            return Pin::new(&mut self.tcp).poll_read(context, buffer);
        }
        let mut byte = [0; 1];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.first() == Some(&HANDSHAKE) {
            self.is_tls = true;
        }
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
