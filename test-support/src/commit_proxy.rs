//! A TCP proxy in front of PostgreSQL that does something at the moment of a COMMIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::postgres_url;

/// What becomes of a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtCommit {
    Pass,
    /// The server gets it and answers; the client is cut off before it hears.
    CutAfter,
    /// The server never gets it; the client is cut off.
    CutBefore,
    /// The server never gets it, and both sides stay connected: a frozen client.
    Freeze,
}

/// Stands before the server of [`postgres_url`] until the test's runtime ends.
pub struct CommitProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    plan: Box<dyn Fn(usize) -> AtCommit + Send + Sync>,
    commits: AtomicUsize,
    is_mended: AtomicBool,
}

impl CommitProxy {
    /// `plan` says what becomes of each COMMIT, counted from 0.
    pub async fn start(plan: impl Fn(usize) -> AtCommit + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { plan: Box::new(plan), commits: AtomicUsize::new(0), is_mended: false.into() };
        let shared = Arc::new(shared);
        let (server, for_task) = (server(), shared.clone());
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let shared = for_task.clone();
                tokio::spawn(async move {
                    // Broken connections are what this is for.
                    let _ = pass(client, server, &shared).await;
                });
            }
        });
        Self { address, shared }
    }

    /// The database of this URL, through the proxy.
    pub fn url(&self, url: &str) -> String {
        let (_, database) = url.rsplit_once('/').expect("a URL names its database behind a slash");
        format!("postgres://vendzz@{}/{database}?sslmode=disable", self.address)
    }

    /// That have come so far, but for those after [`Self::mend`].
    pub fn commits(&self) -> usize {
        self.shared.commits.load(Ordering::SeqCst)
    }

    /// From now on everything passes.
    pub fn mend(&self) {
        self.shared.is_mended.store(true, Ordering::SeqCst);
    }
}

impl Shared {
    fn next(&self) -> AtCommit {
        if self.is_mended.load(Ordering::SeqCst) {
            return AtCommit::Pass;
        }
        (self.plan)(self.commits.fetch_add(1, Ordering::SeqCst))
    }
}

/// Host and port of the server.
fn server() -> String {
    let url = postgres_url();
    let behind_scheme = url.split_once("://").expect("a URL").1;
    let authority = behind_scheme.split('/').next().expect("an authority");
    authority.rsplit('@').next().expect("host and port").to_owned()
}

async fn pass(mut client: TcpStream, mut server: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut from_client = vec![0; 64 << 10];
    let mut from_server = vec![0; 64 << 10];
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let sent = &from_client[..read?];
                if sent.is_empty() {
                    return Ok(());
                }
                match if is_commit(sent) { shared.next() } else { AtCommit::Pass } {
                    AtCommit::Pass => server.write_all(sent).await?,
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
