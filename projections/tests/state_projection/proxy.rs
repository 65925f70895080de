//! A TCP proxy in front of PostgreSQL that does something at the moment of a COMMIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vendzz_projections::state::PostgresConfig;
use vendzz_test_support::postgres_url;

use crate::support::TestDatabase;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtCommit {
    /// The server gets it and answers; the client is cut off before it hears.
    CutAfter,
    /// The server never gets it; the client is cut off.
    CutBefore,
    /// The server never gets it, and both sides stay connected: a frozen owner.
    Freeze,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    left: Arc<AtomicUsize>,
}

impl Proxy {
    /// Does `what` at the next `times` COMMITs, then lets everything pass.
    pub(crate) async fn start(what: AtCommit, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let left = Arc::new(AtomicUsize::new(times));
        let upstream = upstream();
        let for_task = left.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (upstream, left) = (upstream.clone(), for_task.clone());
                tokio::spawn(async move {
                    let server = TcpStream::connect(upstream).await.unwrap();
                    // Broken connections are what this is for.
                    let _ = pass(client, server, what, &left).await;
                });
            }
        });
        Self { address, left }
    }

    /// The test's database through the proxy.
    pub(crate) fn config(&self, database: &TestDatabase) -> PostgresConfig {
        let url = format!("postgres://vendzz@{}/{}?sslmode=disable", self.address, database.name());
        PostgresConfig { url: url.parse().unwrap(), ..database.config.clone() }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

/// Host and port of the server.
fn upstream() -> String {
    let url = postgres_url();
    let behind_scheme = url.split_once("://").expect("a URL").1;
    let authority = behind_scheme.split('/').next().expect("an authority");
    authority.rsplit('@').next().expect("host and port").to_owned()
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    what: AtCommit,
    left: &AtomicUsize,
) -> std::io::Result<()> {
    let mut from_client = vec![0; 64 << 10];
    let mut from_server = vec![0; 64 << 10];
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let sent = &from_client[..read?];
                if sent.is_empty() {
                    return Ok(());
                }
                if !is_commit(sent) || !take_one(left) {
                    server.write_all(sent).await?;
                    continue;
                }
                match what {
                    AtCommit::CutBefore => return Ok(()),
                    AtCommit::CutAfter => {
                        server.write_all(sent).await?;
                        // Until the server has answered, so that it has certainly committed.
                        let _answer = server.read(&mut from_server).await?;
                        return Ok(());
                    }
                    AtCommit::Freeze => std::future::pending().await,
                }
            }
            read = server.read(&mut from_server) => {
                let answered = &from_server[..read?];
                if answered.is_empty() {
                    return Ok(());
                }
                client.write_all(answered).await?;
            }
        }
    }
}

/// A simple query (`Q`, length, text) that is COMMIT.
fn is_commit(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'Q') && bytes.get(5..) == Some(b"COMMIT\0")
}

fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}
