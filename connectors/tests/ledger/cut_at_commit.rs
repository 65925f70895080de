//! A TCP proxy in front of PostgreSQL that cuts the client off at the moment of a COMMIT.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server has committed.
    After,
    /// The server never hears of it.
    Before,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cuts: AtomicUsize,
    is_mended: AtomicBool,
}

impl Proxy {
    /// Cuts like this at the first COMMIT, and at all later ones before it, until it is mended. `url` is the server's.
    pub(crate) async fn start(first: Cut, url: &str) -> Self {
        let behind_scheme = url.split_once("://").expect("a URL").1;
        let authority = behind_scheme.split('/').next().expect("an authority");
        let server = authority.rsplit('@').next().expect("host and port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let for_task = shared.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let shared = for_task.clone();
                tokio::spawn(async move {
                    // Broken connections are what this is for.
                    let _ = pass(client, server, first, &shared).await;
                });
            }
        });
        Self { address, shared }
    }

    /// The database of this URL through the proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        let (_, database) = url.rsplit_once('/').expect("a URL names its database behind a slash");
        format!("postgres://vendzz@{}/{database}?sslmode=disable", self.address)
    }

    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// From now on everything passes.
    pub(crate) fn mend(&self) {
        self.shared.is_mended.store(true, Ordering::SeqCst);
    }
}

async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    first: Cut,
    shared: &Shared,
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
                if !is_commit(sent) || shared.is_mended.load(Ordering::SeqCst) {
                    server.write_all(sent).await?;
                    continue;
                }
                if first == Cut::After && shared.cuts.load(Ordering::SeqCst) == 0 {
                    server.write_all(sent).await?;
                    // Until the server has answered, so that it has certainly committed.
                    let _answer = server.read(&mut from_server).await?;
                }
                shared.cuts.fetch_add(1, Ordering::SeqCst);
                return Ok(());
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
