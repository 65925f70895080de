//! An HTTP/1.1 server for tests, which can also do what a server should not.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone)]
pub(in crate::providers) enum Behaviour {
    Answer(u16, String),
    AnswerWith(u16, Vec<(&'static str, String)>, String),
    AnswerAfter(Duration, u16, String),
    /// The answer's head and half of its body, then the end.
    CutInAnswer(u16, Vec<(&'static str, String)>, String),
    /// The answer's head and half of its body, then nothing.
    StallInAnswer(u16, Vec<(&'static str, String)>, String),
    AnswerAndClose(u16, String),
    CutAfterHead,
    CutInBody,
    CutAfterBody,
    /// Bytes that are no HTTP.
    Babble,
}

#[derive(Debug, Clone)]
pub(in crate::providers) struct Received {
    /// `POST /path HTTP/1.1`
    pub(in crate::providers) line: String,
    /// Names in lower case.
    pub(in crate::providers) headers: Vec<(String, String)>,
    /// As much as was read.
    pub(in crate::providers) body: Vec<u8>,
}

impl Received {
    pub(in crate::providers) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

#[derive(Clone)]
pub(in crate::providers) struct TestServer {
    pub(in crate::providers) address: SocketAddr,
    behaviours: Arc<Mutex<VecDeque<Behaviour>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl TestServer {
    /// One behaviour a request, in their order; after the last one, connections are closed.
    pub(in crate::providers) async fn start(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            behaviours: Arc::new(Mutex::new(behaviours.into_iter().collect())),
            received: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(accepting.clone().serve(stream));
            }
        });
        server
    }

    pub(in crate::providers) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(in crate::providers) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    async fn serve(self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let Some(mut request) = read_head(&mut stream).await else { return };
            let Some(behaviour) = self.behaviours.lock().unwrap().pop_front() else { return };
            let length: usize = request.header("content-length").parse().unwrap();
            let wanted = match behaviour {
                Behaviour::CutAfterHead => 0,
                Behaviour::CutInBody => length / 2,
                _ => length,
            };
            request.body.resize(wanted, 0);
            stream.read_exact(&mut request.body).await.unwrap();
            self.received.lock().unwrap().push(request);
            if !behave(&mut stream, behaviour).await {
                return;
            }
        }
    }
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let line = lines.remove(0);
    let headers = lines.iter().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Received { line, headers, body: Vec::new() })
}

/// True when the connection goes on.
async fn behave(stream: &mut BufReader<TcpStream>, behaviour: Behaviour) -> bool {
    match behaviour {
        Behaviour::Answer(status, body) => answer(stream, status, &[], &body, body.len()).await,
        Behaviour::AnswerWith(status, headers, body) => {
            answer(stream, status, &headers, &body, body.len()).await;
        }
        Behaviour::AnswerAfter(delay, status, body) => {
            tokio::time::sleep(delay).await;
            answer(stream, status, &[], &body, body.len()).await;
        }
        Behaviour::CutInAnswer(status, headers, body) => {
            answer(stream, status, &headers, &body[..body.len() / 2], body.len()).await;
            return false;
        }
        Behaviour::StallInAnswer(status, headers, body) => {
            answer(stream, status, &headers, &body[..body.len() / 2], body.len()).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            return false;
        }
        Behaviour::AnswerAndClose(status, body) => {
            answer(stream, status, &[], &body, body.len()).await;
            return false;
        }
        Behaviour::CutAfterHead | Behaviour::CutInBody | Behaviour::CutAfterBody => return false,
        Behaviour::Babble => {
            let _ = stream.get_mut().write_all(b"220 this is another protocol\r\n\r\n").await;
            return false;
        }
    }
    true
}

async fn answer(
    stream: &mut BufReader<TcpStream>,
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
    announced: usize,
) {
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {announced}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    // The client may be gone by now.
    let _ = stream.get_mut().write_all(text.as_bytes()).await;
}
