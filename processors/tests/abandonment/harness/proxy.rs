use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A TCP proxy in front of PostgreSQL that can be shut and opened.
pub(crate) struct Proxy {
    address: SocketAddr,
    is_open: watch::Sender<bool>,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = host_and_port(url);
        let (is_open, watching) = watch::channel(true);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let mut is_open = watching.clone();
                if !*is_open.borrow() {
                    continue;
                }
                let upstream = upstream.clone();
                tokio::spawn(async move {
                    let (mut client, mut server) = (client, TcpStream::connect(upstream).await.unwrap());
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = is_open.wait_for(|is_open| !is_open) => {}
                    }
                });
            }
        });
        Self { address, is_open }
    }

    /// The URL of the same database through the proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(&host_and_port(url), &self.address.to_string())
    }

    /// Cuts every connection, and the next ones at once.
    pub(crate) fn shut(&self) {
        self.is_open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.is_open.send_replace(true);
    }
}

fn host_and_port(url: &str) -> String {
    let behind_scheme = url.split_once("://").expect("a URL").1;
    let authority = behind_scheme.split('/').next().expect("an authority");
    authority.rsplit('@').next().expect("host and port").to_owned()
}
