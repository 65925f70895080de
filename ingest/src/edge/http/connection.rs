use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, WatchedStream};
use super::refused_by_hyper;
use super::service::answer;
use crate::edge::config::ListenConfig;
use crate::edge::state::Edge;

/// What a client sends first when it speaks HTTP/2 without TLS: no HTTP/1 method begins like that.
const HTTP2_PREFACE: &[u8; 4] = b"PRI ";
/// Between two looks at a preface that has come in part.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);
/// A last answer is written within this time or not at all.
const LAST_WORDS: Duration = Duration::from_secs(1);

const KIB: u32 = 1024;

/// Serves connections of both versions of HTTP.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    header_timeout: Duration,
    idle_timeout: Duration,
    started: Instant,
}

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// hyper is done with it.
    Closed,
    /// The head of a request was begun and not finished in time.
    HeadTooSlow,
    /// Nothing came, or nothing was read by the client, for too long.
    Idle,
}

impl Protocols {
    pub(super) fn new(config: &ListenConfig) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            // Timed here instead, see `Activity`.
            .header_read_timeout(None)
            .max_buf_size(32 * KIB as usize)
            .max_headers(64)
            .half_close(false);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(config.max_streams)
            // A client that opens and resets streams as fast as it can is cut off.
            .max_pending_accept_reset_streams(16)
            .max_local_error_reset_streams(64)
            .max_header_list_size(16 * KIB)
            .initial_stream_window_size(64 * KIB)
            .initial_connection_window_size(1024 * KIB)
            .max_send_buf_size(256 * KIB as usize)
            .keep_alive_interval(config.idle_timeout / 2)
            .keep_alive_timeout(config.header_timeout);
        Self {
            http1,
            http2,
            header_timeout: config.header_timeout,
            idle_timeout: config.idle_timeout,
            started: Instant::now(),
        }
    }

    /// One connection, from its first byte to its end.
    pub(super) async fn serve(
        &self,
        edge: Arc<Edge>,
        stream: TcpStream,
        peer: IpAddr,
        drain: CancellationToken,
    ) {
        let is_http2 = tokio::select! {
            biased;
            first = tokio::time::timeout(self.header_timeout, speaks_http2(&stream)) => first,
            () = drain.cancelled() => return,
        };
        let Ok(Ok(is_http2)) = is_http2 else { return };

        let activity = Arc::new(Activity::default());
        let stream = TokioIo::new(WatchedStream::new(stream, activity.clone()));
        let of_requests = activity.clone();
        let service = service_fn(move |request| {
            let edge = edge.clone();
            let busy = of_requests.begin();
            async move {
                let response = answer(&edge, peer, request).await;
                drop(busy);
                Ok::<_, Infallible>(response)
            }
        });
        if is_http2 {
            let mut connection = Box::pin(self.http2.serve_connection(stream, service));
            self.live(connection.as_mut(), &activity, &drain, false).await;
            return;
        }
        let mut connection = self.http1.serve_connection(stream, service);
        let end = self.live(Pin::new(&mut connection), &activity, &drain, true).await;
        if end == End::HeadTooSlow {
            let mut stream = connection.into_parts().io.into_inner();
            // Whoever is that slow may not read either.
            let last_words = async {
                stream.write_all(&refused_by_hyper::head_too_slow()).await?;
                stream.shutdown().await
            };
            let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
        }
    }

    /// Drives a connection until it is over, too slow or idle. While draining it takes no new requests.
    async fn live<C: GracefulConnection>(
        &self,
        mut connection: Pin<&mut C>,
        activity: &Activity,
        drain: &CancellationToken,
        times_heads: bool,
    ) -> End {
        let tick = (self.header_timeout / 5).clamp(Duration::from_millis(20), Duration::from_secs(1));
        // All connections look at the same moments, so that many idle ones wake their thread once.
        let since_start = self.started.elapsed();
        let first = self.started + tick * (since_start.as_nanos() / tick.as_nanos() + 1) as u32;
        let mut ticks = tokio::time::interval_at(first, tick);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut draining = false;
        let mut last = activity.glance();
        let mut waiting_since = Instant::now();
        loop {
            tokio::select! {
                biased;
                _ = connection.as_mut() => return End::Closed,
                () = drain.cancelled(), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                now = ticks.tick() => {
                    let seen = activity.glance();
                    let is_first = seen.begun == 0;
                    if seen.is_busy || seen != last {
                        last = seen;
                        waiting_since = now;
                        continue;
                    }
                    if draining && is_first && !seen.has_read {
                        return End::Idle;
                    }
                    let waited = now - waiting_since;
                    if times_heads && (is_first || seen.has_read) && waited >= self.header_timeout {
                        return if seen.has_read { End::HeadTooSlow } else { End::Idle };
                    }
                    if waited >= self.idle_timeout {
                        return End::Idle;
                    }
                }
            }
        }
    }
}

/// Looks at the first bytes without taking them. An error: the client is gone.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; HTTP2_PREFACE.len()];
    loop {
        let count = stream.peek(&mut first).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if first[..count] != HTTP2_PREFACE[..count] {
            return Ok(false);
        }
        if count == HTTP2_PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(PREFACE_PAUSE).await;
    }
}
