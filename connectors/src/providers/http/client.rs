use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use reqwest::{Body, Client, RequestBuilder, Response, redirect};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::body::OnceBody;
use super::retry_after::retry_after;
use crate::providers::{NotTaken, Outcome, ProviderError};

/// Of an answer no more than this is read; the documented ones are a hundredth of it.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Below what providers' load balancers keep open, so that a connection is seldom found dead.
const IDLE_CONNECTIONS_LIVE: Duration = Duration::from_secs(30);

/// An HTTP client that sends each request once.
///
/// reqwest and hyper would repeat a request in two cases. Protocol refusals of HTTP/2 are repeated by reqwest's
/// retry policy: it is `never` here, and HTTP/2 is not spoken. A request that found its pooled connection closed is
/// repeated by hyper-util, but only when hyper gives the request back unstarted (`TrySendError::take_message`), and
/// hyper does so only for one that the connection's task has not yet taken from its queue; besides,
/// [`OnceBody`] gives its bytes once. Redirects are not followed, and no proxy of the environment is used.
#[derive(Debug, Clone)]
pub(in crate::providers) struct HttpClient {
    client: Client,
    timeout: Duration,
}

/// An answer that came whole, or whose status came.
#[derive(Debug)]
pub(in crate::providers) struct HttpAnswer {
    pub(in crate::providers) status: u16,
    pub(in crate::providers) retry_after: Option<Duration>,
    /// None when it was longer than 64 KiB, cut, or late.
    body: Option<Bytes>,
}

impl HttpAnswer {
    /// None when the body did not come whole, or is something else.
    pub(in crate::providers) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_ref()?).ok()
    }
}

impl HttpClient {
    /// `timeout` is for a whole call, from the look-up of the name to the last byte of the answer. The machine's own
    /// root certificates are trusted.
    pub(in crate::providers) fn new(timeout: Duration) -> Result<Self, ProviderError> {
        let client = Client::builder()
            .tls_backend_native()
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE_CONNECTIONS_LIVE)
            .user_agent(concat!("vendzz-stream/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ProviderError::Tls(error.without_url().to_string()))?;
        Ok(Self { client, timeout })
    }

    pub(in crate::providers) fn post(&self, url: &str) -> RequestBuilder {
        self.client.post(url)
    }

    /// Sends it, and settles the outcome when no answer comes.
    pub(in crate::providers) async fn exchange(
        &self,
        request: RequestBuilder,
        body: Vec<u8>,
    ) -> Result<HttpAnswer, Outcome> {
        let deadline = Instant::now() + self.timeout;
        let (body, handover) = OnceBody::new(body.into());
        let sending = timeout_at(deadline, request.body(Body::wrap(body)).send());
        let (late_or_cut, not_taken) = match sending.await {
            Ok(Ok(response)) => return Ok(read(response, deadline).await),
            Ok(Err(_)) => ("connection_cut", "connect"),
            Err(_) => ("timeout", "connect_timeout"),
        };
        // The request may still lie in the connection's queue: withdrawn, its body never leaves.
        if handover.withdraw() {
            return Err(Outcome::NotTaken(NotTaken {
                reason: not_taken,
                retry_after: None,
                is_outage: true,
            }));
        }
        Err(Outcome::Unknown { reason: late_or_cut })
    }
}

async fn read(response: Response, deadline: Instant) -> HttpAnswer {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), Utc::now());
    let body = timeout_at(deadline, read_body(response)).await.ok().flatten();
    HttpAnswer { status, retry_after, body }
}

async fn read_body(mut response: Response) -> Option<Bytes> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.into())
}
