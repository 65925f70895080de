//! A bounded pool of HTTP/1.1 connections that are kept alive.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::RETRY_AFTER;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Longer than the edge's own time for a request, so that its answer wins.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 64 * 1024;

type Connection = SendRequest<Full<Bytes>>;

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing was sent.
    #[error("no connection: {0}")]
    NotConnected(String),
    /// The connection broke after the request was begun: what became of it is not known.
    #[error("broken connection: {0}")]
    Broken(String),
    #[error("no answer within {} s", ANSWER_TIMEOUT.as_secs())]
    TimedOut,
}

pub struct Connections {
    address: SocketAddr,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Connections {
    pub fn to(address: SocketAddr, limit: usize) -> Self {
        Self { address, idle: Mutex::default(), permits: Semaphore::new(limit) }
    }

    /// Sends one request and reads the whole answer.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, SendError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        match tokio::time::timeout(ANSWER_TIMEOUT, self.send_now(request)).await {
            Ok(outcome) => outcome,
            // The connection goes with the future: hyper closes it.
            Err(_) => Err(SendError::TimedOut),
        }
    }

    async fn send_now(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, SendError> {
        loop {
            let (mut connection, is_reused) = match self.idle_connection().await {
                Some(connection) => (connection, true),
                None => (self.connect().await?, false),
            };
            match connection.try_send_request(request).await {
                Ok(response) => {
                    let answer = read_answer(response).await?;
                    if !connection.is_closed() {
                        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                    }
                    return Ok(answer);
                }
                // An idle connection that the server closed: given back unsent, so a fresh one may take it.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_reused => request = unsent,
                    Some(_) => return Err(SendError::NotConnected(error.into_error().to_string())),
                    None => return Err(SendError::Broken(error.into_error().to_string())),
                },
            }
        }
    }

    async fn idle_connection(&self) -> Option<Connection> {
        loop {
            // The one used last: it is the least likely to have been closed.
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let stream = match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(self.address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(SendError::NotConnected(error.to_string())),
            Err(_) => {
                return Err(SendError::NotConnected(format!("not within {} s", CONNECT_TIMEOUT.as_secs())));
            }
        };
        stream.set_nodelay(true).map_err(|error| SendError::NotConnected(error.to_string()))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| SendError::NotConnected(error.to_string()))?;
        // Its errors reach the requests that are on it.
        tokio::spawn(connection);
        Ok(sender)
    }
}

async fn read_answer(response: Response<Incoming>) -> Result<Answer, SendError> {
    let (head, body) = response.into_parts();
    let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = Limited::new(body, MAX_ANSWER_BYTES)
        .collect()
        .await
        .map_err(|error| SendError::Broken(error.to_string()))?
        .to_bytes();
    Ok(Answer { status: head.status, retry_after: retry_after.map(Duration::from_secs), body })
}
