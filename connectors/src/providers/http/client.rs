use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::body::OnceBody;
use super::connector::{Connector, connector};
use super::retry_after::retry_after;
use crate::providers::troubles::{Troubles, cause_of};
use crate::providers::{NotTaken, NotTakenKind, Outcome, ProviderError};

/// Of an answer no more than this is read; the documented ones are a hundredth of it.
const LONGEST_ANSWER: usize = 64 * 1024;
/// Below what providers' load balancers keep open, so that a connection is seldom found dead.
const IDLE_CONNECTIONS_LIVE: Duration = Duration::from_secs(30);

/// An HTTP/1.1 client that sends each request once, for one credential.
///
/// hyper-util would repeat a request that found its pooled connection closed, when hyper gives the request back
/// unstarted: that is switched off, and besides, [`OnceBody`] gives its bytes once. It follows no redirect and knows
/// no proxy.
#[derive(Clone)]
pub(in crate::providers) struct HttpClient {
    client: Client<Connector, OnceBody>,
    authorization: HeaderValue,
    timeout: Duration,
    troubles: Arc<Troubles>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpClient").field("timeout", &self.timeout).finish_non_exhaustive()
    }
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
    pub(in crate::providers) fn new(
        authorization: HeaderValue,
        timeout: Duration,
    ) -> Result<Self, ProviderError> {
        let client = Client::builder(TokioExecutor::new())
            .retry_canceled_requests(false)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTIONS_LIVE)
            .build(connector()?);
        Ok(Self { client, authorization, timeout, troubles: Arc::default() })
    }

    /// Posts it, and settles the outcome when no answer comes.
    pub(in crate::providers) async fn post(
        &self,
        url: &Uri,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<HttpAnswer, Outcome> {
        let deadline = Instant::now() + self.timeout;
        let (body, handover) = OnceBody::new(body.into());
        let sending = timeout_at(deadline, self.client.request(self.request(url, content_type, body)));
        let (late_or_cut, not_taken) = match sending.await {
            Ok(Ok(response)) => return Ok(read(response, deadline).await),
            Ok(Err(error)) => {
                self.troubles.no_answer(host_of(url), &cause_of(&error));
                ("connection_cut", "connect")
            }
            Err(_) => {
                self.troubles.no_answer(host_of(url), "timeout");
                ("timeout", "connect_timeout")
            }
        };
        // The request may still lie in the connection's queue: withdrawn, its body never leaves.
        if handover.withdraw() {
            return Err(Outcome::NotTaken(NotTaken {
                reason: not_taken,
                retry_after: None,
                kind: NotTakenKind::Away,
            }));
        }
        Err(Outcome::Unknown { reason: late_or_cut })
    }

    /// Notes an answer that is no acceptance, with the provider's code for it.
    pub(in crate::providers) fn not_accepted(&self, url: &Uri, answer: &HttpAnswer, code: Option<u32>) {
        self.troubles.not_accepted(host_of(url), answer.status, code);
    }

    fn request(&self, url: &Uri, content_type: &'static str, body: OnceBody) -> Request<OnceBody> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("vendzz-stream/", env!("CARGO_PKG_VERSION"))),
        );
        request
    }
}

fn host_of(url: &Uri) -> &str {
    url.host().unwrap_or_default()
}

async fn read(response: Response<Incoming>, deadline: Instant) -> HttpAnswer {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), Utc::now());
    let reading = timeout_at(deadline, Limited::new(response.into_body(), LONGEST_ANSWER).collect());
    let body = match reading.await {
        Ok(Ok(whole)) => Some(whole.to_bytes()),
        Ok(Err(_)) | Err(_) => None,
    };
    HttpAnswer { status, retry_after, body }
}
