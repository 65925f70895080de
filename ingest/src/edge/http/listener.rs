use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use metrics::{Counter, Gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vendzz_runtime::telemetry::MetricName;

use super::connection::Protocols;
use super::workers::Workers;
use super::{open_files, refused_by_hyper};
use crate::edge::config::ListenConfig;
use crate::edge::state::Edge;

/// After an error of `accept`, most of which mean that there are too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// The public port.
pub struct Listener {
    socket: TcpListener,
    max_connections: usize,
    workers: Workers,
    protocols: Arc<Protocols>,
    open: Gauge,
    over_cap: Counter,
}

/// What is still open after the last connection was accepted; cut when dropped.
pub struct OpenConnections {
    connections: TaskTracker,
    _workers: Workers,
}

impl OpenConnections {
    /// Waits until the last one is closed.
    pub async fn closed(&self) {
        self.connections.wait().await;
    }

    pub fn count(&self) -> usize {
        self.connections.len()
    }
}

impl Listener {
    pub async fn bind(config: &ListenConfig) -> anyhow::Result<Self> {
        open_files::allow_connections(config.max_connections);
        let socket = TcpListener::bind(config.address)
            .await
            .with_context(|| format!("cannot listen on {} (VENDZZ_EDGE_ADDR)", config.address))?;
        Ok(Self {
            socket,
            max_connections: config.max_connections,
            workers: Workers::start(config.workers)?,
            protocols: Arc::new(Protocols::new(config)),
            open: MetricName::Connections.gauge(),
            over_cap: MetricName::RequestsShed.counter_of(&[("reason", "connections")]),
        })
    }

    /// Where it listens (the port chosen by the system when 0 was asked for).
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until the drain begins; then no new connection is taken, and those that are open go on.
    pub async fn accept(self, edge: Arc<Edge>, drain: CancellationToken) -> OpenConnections {
        let connections = TaskTracker::new();
        let mut failing = false;
        loop {
            let accepted = tokio::select! {
                biased;
                () = drain.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    failing = false;
                    self.take(stream, peer, &edge, &drain, &connections);
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(%error, "connections cannot be accepted");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        connections.close();
        OpenConnections { connections, _workers: self.workers }
    }

    fn take(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        edge: &Arc<Edge>,
        drain: &CancellationToken,
        connections: &TaskTracker,
    ) {
        if connections.len() >= self.max_connections {
            self.over_cap.increment(1);
            // As far as it goes without waiting.
            let _ = stream.try_write(&refused_by_hyper::too_many_connections());
            return;
        }
        // An answer is one write, so it need not wait for more to come.
        let _ = stream.set_nodelay(true);
        let (edge, drain, protocols, open) =
            (edge.clone(), drain.clone(), self.protocols.clone(), self.open.clone());
        // It leaves this runtime's poller for that of its worker.
        let stream = match stream.into_std() {
            Ok(stream) => stream,
            Err(error) => return tracing::warn!(%error, "a connection could not be handed to its thread"),
        };
        let serving = async move {
            let stream = match TcpStream::from_std(stream) {
                Ok(stream) => stream,
                Err(error) => return tracing::warn!(%error, "a connection could not be served by its thread"),
            };
            open.increment(1);
            protocols.serve(edge, stream, peer.ip(), drain).await;
            open.decrement(1);
        };
        connections.spawn_on(serving, self.workers.next());
    }
}
